package dev.evsebridge.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.testkit.EmbeddedBroker;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help;

/**
 * The other side of the broker: asks each connected charger for data every 5 seconds, as a
 * controller has to, and prints every message but these requests.
 */
final class Controller implements AutoCloseable, MqttCallback {
  private static final String FROM_CHARGERS = "from_dehneEVSE";
  private static final String TO_CHARGERS = "to_dehneEVSE";
  private static final int QOS = 1;
  private static final long TIMEOUT_MILLIS = 10_000;
  private static final long COLLECT_INTERVAL_SECONDS = 5;
  private static final long HINT_INTERVAL_SECONDS = 60;
  private static final String COLLECT_REQUEST = "request_data_collection";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final EmbeddedBroker broker;
  private final MessageLine messageLine;
  private final MqttAsyncClient mqtt;
  private final Set<String> chargers = new ConcurrentSkipListSet<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "controller");
            thread.setDaemon(true);
            return thread;
          });

  Controller(EmbeddedBroker broker, ReadingWords words) throws MqttException {
    this.broker = broker;
    this.messageLine = new MessageLine(words, TO_CHARGERS, Help.Ansi.AUTO.enabled());
    this.mqtt = new MqttAsyncClient(broker.url(), "demo_controller", new MemoryPersistence());
  }

  void start() throws MqttException {
    mqtt.setCallback(this);
    mqtt.connect().waitForCompletion(TIMEOUT_MILLIS);
    for (String root : new String[] {FROM_CHARGERS, TO_CHARGERS}) {
      mqtt.subscribe(root + "/#", QOS).waitForCompletion(TIMEOUT_MILLIS);
    }
    timer.scheduleAtFixedRate(this::collectData, 1, COLLECT_INTERVAL_SECONDS, TimeUnit.SECONDS);
    timer.scheduleAtFixedRate(this::explainCommands, 8, HINT_INTERVAL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void messageArrived(String topic, MqttMessage message) {
    String payload = new String(message.getPayload(), UTF_8);
    if (!topic.equals(TO_CHARGERS) || !payload.contains(COLLECT_REQUEST)) {
      System.out.println(messageLine.of(LocalTime.now(ZoneId.systemDefault()), topic, payload));
    }
    if (topic.equals(FROM_CHARGERS)) {
      noticeNewConnection(payload);
    } else if (topic.startsWith(FROM_CHARGERS + "/") && payload.equals("offline")) {
      chargers.removeIf(id -> topic.equals(FROM_CHARGERS + "/" + id + "/availability"));
    }
  }

  private void noticeNewConnection(String payload) {
    JsonNode message;
    try {
      message = JSON.readTree(payload);
    } catch (JsonProcessingException e) {
      return;
    }
    if (message.path("message_type").asText().equals("new_connection")) {
      chargers.add(message.path("client_id").asText());
    }
  }

  private void explainCommands() {
    if (chargers.isEmpty()) {
      return;
    }
    String clientId = chargers.iterator().next();
    System.out.printf(
        """

        To let the car at %s have up to 16 A, run in another terminal:
          %s
          %s

        """,
        ReadingWords.shortNameOf(clientId),
        command(clientId, "request_set_pwm_percent", "\"pwm_percent\":26"),
        command(clientId, "request_set_contactor_state", "\"contactor_state\":true"));
  }

  private String command(String clientId, String messageType, String field) {
    return "mosquitto_pub -h 127.0.0.1 -p %d -t %s -m '{\"message_type\":\"%s\",\"client_id\":\"%s\",%s}'"
        .formatted(broker.port(), TO_CHARGERS, messageType, clientId, field);
  }

  private void collectData() {
    for (String clientId : chargers) {
      String request =
          JSON.createObjectNode()
              .put("message_type", COLLECT_REQUEST)
              .put("client_id", clientId)
              .toString();
      try {
        mqtt.publish(TO_CHARGERS, request.getBytes(UTF_8), QOS, false);
      } catch (MqttException e) {
        System.out.println("Not sent: " + request + " (" + e.getMessage() + ")");
      }
    }
  }

  @Override
  public void close() throws MqttException {
    timer.shutdownNow();
    if (mqtt.isConnected()) {
      mqtt.disconnect().waitForCompletion(TIMEOUT_MILLIS);
    }
    mqtt.close(true);
  }

  @Override
  public void disconnected(MqttDisconnectResponse response) {}

  @Override
  public void mqttErrorOccurred(MqttException exception) {}

  @Override
  public void deliveryComplete(@Nullable IMqttToken token) {}

  @Override
  public void connectComplete(boolean reconnect, String serverUri) {}

  @Override
  public void authPacketArrived(int reasonCode, MqttProperties properties) {}
}
