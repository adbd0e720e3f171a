package dev.evsebridge.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.testkit.EmbeddedBroker;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
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
 * The other side of the broker: prints set-points, errors and other requests, and of the chargers'
 * states those that tell something new. The charge controller in the bridge needs nobody who asks
 * for readings; these and the responses to its own commands are left out.
 */
final class Controller implements AutoCloseable, MqttCallback {
  private static final String FROM_CHARGERS = "from_dehneEVSE";
  private static final String TO_CHARGERS = "to_dehneEVSE";
  private static final int QOS = 1;
  private static final long TIMEOUT_MILLIS = 10_000;
  private static final long HINT_INTERVAL_SECONDS = 60;

  /** How often a charging car is told of though nothing but its current has changed. */
  private static final long CHARGING_INTERVAL_SECONDS = 15;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final EmbeddedBroker broker;
  private final MessageLine messageLine;
  private final MqttAsyncClient mqtt;
  private final Map<String, Told> told = new ConcurrentSkipListMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "controller");
            thread.setDaemon(true);
            return thread;
          });

  /** What was printed of a charger last, and when. */
  private record Told(String words, LocalTime time) {}

  Controller(EmbeddedBroker broker) throws MqttException {
    this.broker = broker;
    this.messageLine = new MessageLine(TO_CHARGERS, Help.Ansi.AUTO.enabled());
    this.mqtt = new MqttAsyncClient(broker.url(), "demo_controller", new MemoryPersistence());
  }

  void start() throws MqttException {
    mqtt.setCallback(this);
    mqtt.connect().waitForCompletion(TIMEOUT_MILLIS);
    for (String root : new String[] {FROM_CHARGERS, TO_CHARGERS}) {
      mqtt.subscribe(root + "/#", QOS).waitForCompletion(TIMEOUT_MILLIS);
    }
    timer.scheduleAtFixedRate(this::explainSetPoints, 30, HINT_INTERVAL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void messageArrived(String topic, MqttMessage message) {
    String payload = new String(message.getPayload(), UTF_8);
    LocalTime now = LocalTime.now(ZoneId.systemDefault());
    boolean shown =
        topic.endsWith("/state")
            ? isNew(payload, now)
            : topic.endsWith("/error") || topic.startsWith(TO_CHARGERS);
    if (shown) {
      System.out.println(messageLine.of(now, topic, payload));
    }
  }

  private boolean isNew(String payload, LocalTime now) {
    JsonNode state;
    try {
      state = JSON.readTree(payload);
    } catch (JsonProcessingException e) {
      return true;
    }
    String words = StateWords.withoutMeasurements(state);
    Told last = told.get(state.path("client_id").asText());
    boolean isNew =
        last == null
            || !last.words.equals(words)
            || (StateWords.isCharging(state)
                && last.time.until(now, ChronoUnit.SECONDS) >= CHARGING_INTERVAL_SECONDS);
    if (isNew) {
      told.put(state.path("client_id").asText(), new Told(words, now));
    }
    return isNew;
  }

  private void explainSetPoints() {
    if (told.isEmpty()) {
      return;
    }
    String clientId = told.keySet().iterator().next();
    System.out.printf(
        """

        To let the car at %s have 8 A only, or to end its charge, run in another terminal:
          %s
          %s

        """,
        StateWords.shortNameOf(clientId),
        command(clientId, "limit_amps", "8"),
        command(clientId, "enabled", "false"));
  }

  private String command(String clientId, String setPoint, String value) {
    return "mosquitto_pub -h 127.0.0.1 -p %d -t %s/%s/set/%s -m %s"
        .formatted(broker.port(), TO_CHARGERS, clientId, setPoint, value);
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
