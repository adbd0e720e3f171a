package dev.evsebridge.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmbeddedBrokerTest {
  private static final long TIMEOUT_MILLIS = 10_000;

  private EmbeddedBroker broker;

  @BeforeEach
  void startBroker() throws IOException {
    broker = new EmbeddedBroker();
  }

  @AfterEach
  void stopBroker() throws IOException {
    broker.close();
  }

  @Test
  void refusesAPortThatIsTaken() {
    assertThrows(IOException.class, () -> new EmbeddedBroker(broker.port()));
  }

  @Test
  void startsAgainOnTheSamePort() throws Exception {
    int port = broker.port();
    broker.close();
    broker = new EmbeddedBroker(port);

    try (Client client = new Client("client")) {
      assertTrue(client.mqtt.isConnected());
    }
  }

  @Test
  void deliversToWildcardSubscriptions() throws Exception {
    try (Client client = new Client("client")) {
      client.subscribe("from_dehneEVSE/#");

      client.mqtt.publish("from_dehneEVSE", message("root"));
      client.mqtt.publish("from_dehneEVSE/Garage left. 1/availability", message("below"));

      assertEquals("root", client.next().text());
      Delivery below = client.next();
      assertEquals("below", below.text());
      assertEquals("from_dehneEVSE/Garage left. 1/availability", below.topic);
    }
  }

  @Test
  void handsRetainedMessagesToLaterSubscribersUntilTheyAreErased() throws Exception {
    try (Client client = new Client("client")) {
      MqttMessage retained = message("online");
      retained.setRetained(true);
      client.mqtt.publish("presence/1", retained).waitForCompletion(TIMEOUT_MILLIS);

      client.subscribe("presence/#");
      Delivery stored = client.next();
      assertEquals("online", stored.text());
      assertTrue(stored.message.isRetained());

      client.mqtt.publish("presence/1", retained);
      assertFalse(client.next().message.isRetained());

      MqttMessage erasure = message("");
      erasure.setRetained(true);
      client.mqtt.publish("presence/1", erasure).waitForCompletion(TIMEOUT_MILLIS);
      try (Client later = new Client("later")) {
        later.subscribe("presence/#");
        later.mqtt.publish("presence/2", message("first"));
        assertEquals("first", later.next().text());
      }
    }
  }

  @Test
  void publishesTheLastWillOfAClientThatIsCutOff() throws Exception {
    try (Client observer = new Client("observer")) {
      observer.subscribe("presence/#");
      MqttConnectionOptions options = new MqttConnectionOptions();
      MqttMessage will = message("offline");
      will.setRetained(true);
      options.setWill("presence/mortal", will);
      Client mortal = new Client("mortal", options);

      mortal.mqtt.disconnectForcibly(0, 0, false);

      assertEquals("offline", observer.next().text());
      mortal.mqtt.close(true);
    }
  }

  @Test
  void passesRequestProperties() throws Exception {
    try (Client client = new Client("client")) {
      client.subscribe("to_dehneEVSE/#");
      MqttProperties properties = new MqttProperties();
      properties.setResponseTopic("answers/here");
      properties.setCorrelationData(new byte[] {0, 1, (byte) 0xff});
      properties.setMessageExpiryInterval(60L);
      properties.setContentType("application/json");
      MqttMessage request = message("{}");
      request.setProperties(properties);

      client.mqtt.publish("to_dehneEVSE", request);

      MqttProperties received = client.next().message.getProperties();
      assertEquals("answers/here", received.getResponseTopic());
      assertArrayEquals(new byte[] {0, 1, (byte) 0xff}, received.getCorrelationData());
      assertEquals("application/json", received.getContentType());
      assertTrue(received.getMessageExpiryInterval() <= 60);
    }
  }

  @Test
  void namesTheSubscriptionThatAMessageCameThrough() throws Exception {
    try (Client client = new Client("client")) {
      client.subscribe("one/#", 7);
      client.subscribe("two/#", 8);

      client.mqtt.publish("two/x", message("second"));
      client.mqtt.publish("one/x", message("first"));

      // Each subscription has a queue of its own: which of them comes first is left open.
      Map<String, List<Integer>> identifiers = new HashMap<>();
      for (int i = 0; i < 2; i++) {
        MqttMessage received = client.next().message;
        identifiers.put(
            new String(received.getPayload(), UTF_8),
            received.getProperties().getSubscriptionIdentifiers());
      }
      assertEquals(Map.of("first", List.of(7), "second", List.of(8)), identifiers);
    }
  }

  private static MqttMessage message(String text) {
    return new MqttMessage(text.getBytes(UTF_8), 1, false, new MqttProperties());
  }

  private record Delivery(String topic, MqttMessage message) {
    String text() {
      return new String(message.getPayload(), UTF_8);
    }
  }

  private final class Client implements AutoCloseable, MqttCallback {
    final MqttAsyncClient mqtt;
    private final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();

    Client(String id) throws MqttException {
      this(id, new MqttConnectionOptions());
    }

    Client(String id, MqttConnectionOptions options) throws MqttException {
      mqtt = new MqttAsyncClient(broker.url(), id, new MemoryPersistence());
      mqtt.setCallback(this);
      mqtt.connect(options).waitForCompletion(TIMEOUT_MILLIS);
    }

    void subscribe(String filter) throws MqttException {
      mqtt.subscribe(filter, 1).waitForCompletion(TIMEOUT_MILLIS);
    }

    void subscribe(String filter, int identifier) throws MqttException {
      MqttProperties properties = new MqttProperties();
      properties.setSubscriptionIdentifier(identifier);
      mqtt.subscribe(
              new MqttSubscription[] {new MqttSubscription(filter, 1)}, null, null, properties)
          .waitForCompletion(TIMEOUT_MILLIS);
    }

    Delivery next() throws InterruptedException {
      Delivery delivery = deliveries.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
      assertNotNull(delivery, "no message came");
      return delivery;
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) {
      deliveries.add(new Delivery(topic, message));
    }

    @Override
    public void close() throws MqttException {
      mqtt.disconnect().waitForCompletion(TIMEOUT_MILLIS);
      mqtt.close();
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
}
