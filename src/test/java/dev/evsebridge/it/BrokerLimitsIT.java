package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real broker with limits and a real network with oddities: the bridge serves chargers all the
 * same, and nothing that a client may publish ends its connection.
 */
@RequiresMosquitto
class BrokerLimitsIT {
  private static final Duration GAP = Duration.ofSeconds(5);

  private final String serial = Serials.next();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "retain_available false",
        "max_qos 0",
        "max_qos 1",
        "max_keepalive 10",
        "max_packet_size 2000",
        "max_inflight_messages 1",
        "max_topic_alias 0"
      })
  void servesChargersWhateverTheBrokerLacks(String setting) {
    try (Mosquitto mosquitto = Mosquitto.builder().setting(setting).start();
        MqttProbe probe =
            MqttProbe.builder(mosquitto.url()).qos(0).subscribingTo("from_dehneEVSE/#").connect();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_QOS", "2")
                .environment("MQTT_KEEP_ALIVE", "60s")
                .start()
                .awaitListening()) {
      assertServes(bridge, probe);
    }
  }

  @Test
  void takesRequestsAsLongAsTheBrokerForwardsThem() {
    try (Mosquitto mosquitto = Mosquitto.builder().setting("max_packet_size 2000").start();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = BridgeProcess.connectingTo(cable.url()).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      for (int length = 1_960; length <= 1_984; length++) {
        probe.request(padded(Messages.ping(serial), length));
        probe.take(message("response_ping", serial));
      }
      assertEquals(1, cable.connections());
      assertTrue(charger.isOpen());
    }
  }

  private static String padded(String json, int length) {
    return json + " ".repeat(length - json.length());
  }

  @Test
  void refusesAReplyThatTheBrokerWouldNotTakeAndGoesOn() {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = BridgeProcess.connectingTo(cable.url()).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      probe.request(Messages.ping(serial), "a/".repeat(200) + "a", "1");
      assertEquals("invalid_value", probe.take(each -> each.isType("error")).field("error"));
      probe.request(Messages.ping(serial));
      probe.take(message("response_ping", serial));
      assertEquals(WireFrame.ping(), charger.takeFrame());
      assertEquals(1, cable.connections());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {32_767, 32_768, 65_535})
  void refusesTooMuchCorrelationDataStoredOrNotAndGoesOn(int length) {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe = MqttProbe.connect(mosquitto)) {
      publish(probe, length, true);
      try (BridgeProcess bridge = BridgeProcess.connectingTo(cable.url()).start().awaitListening();
          RawCharger charger =
              RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
        probe.take(message("new_connection", serial));
        publish(probe, length, false);
        probe.take(2, each -> "invalid_value".equals(each.field("error")));
        probe.request(Messages.ping(serial));
        probe.take(message("response_ping", serial));
        assertTrue(charger.isOpen());
        assertEquals(1, cable.connections());
      }
    }
  }

  private void publish(MqttProbe probe, int length, boolean retained) {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic("replies");
    properties.setCorrelationData(new byte[length]);
    byte[] ping = Messages.ping(serial).getBytes(StandardCharsets.UTF_8);
    probe.publish("to_dehneEVSE", new MqttMessage(ping, 1, retained, properties));
  }

  @Test
  void letsNobodyInWhileItsAccessRulesForbidItToPublish() {
    String rules = "topic read to_dehneEVSE/#\n";
    try (Mosquitto mosquitto = Mosquitto.builder().acl(rules).start();
        Cable cable = Cable.to(mosquitto.port());
        BridgeProcess bridge = BridgeProcess.connectingTo(cable.url()).start()) {
      cable.awaitConnections(1);
      Patience.until(
          "it has tried", () -> cable.publishedTo().contains("from_dehneEVSE/bridge/availability"));
      assertFalse(bridge.isListening());
      assertTrue(bridge.isRunning());
      assertEquals(1, cable.connections());
    }
  }

  // --- the process itself stood still

  @Test
  void doesNotCarryOutWhatMayHaveExpiredWhileTheBridgeWasFrozen() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto).subscribe("replies");
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      bridge.freeze();
      long since = System.nanoTime();
      for (int i = 0; i < 8; i++) {
        probe.requestExpiringAfter(Duration.ofSeconds(3), Messages.setContactor(serial, true));
      }
      probe.requestExpiringAfter(Duration.ofSeconds(60), Messages.setPwm(serial, 16));
      // the time that passes is what is tested
      Patience.until("it was frozen for long", () -> System.nanoTime() - since > GAP.toNanos());
      bridge.thaw();
      probe
          .take(8, errorOf(serial))
          .forEach(error -> assertEquals("timeout", error.field("error")));
      probe.take(message("response_set_pwm_percent", serial));
      assertEquals(WireFrame.setPwm(16), charger.takeFrame());

      probe.requestExpiringAfter(Duration.ofSeconds(3), Messages.setContactor(serial, true));
      assertEquals(WireFrame.setContactor(true), charger.takeFrame());
    }
  }

  // --- names and addresses

  @Test
  void triesAllAddressesOfTheBrokersName() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            named(mosquitto, "127.0.0.9 broker.test\n127.0.0.1 broker.test\n").awaitListening()) {
      assertServes(bridge, probe);
    }
  }

  @Test
  void looksTheBrokersNameUpAnewAtEachAttempt() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        ServerSocket formerly =
            new ServerSocket(mosquitto.port(), 1, InetAddress.getByName("127.0.0.9"));
        BridgeProcess bridge = named(mosquitto, "127.0.0.9 broker.test\n")) {
      formerly.setSoTimeout((int) Patience.LIMIT.toMillis());
      try (Socket attempt = formerly.accept()) {
        // The broker has moved away from there.
        formerly.close();
        assertTrue(attempt.isConnected());
      }
      Path hosts = bridge.directory().resolve("hosts");
      Files.writeString(hosts, "127.0.0.1 broker.test\n");
      bridge.awaitListening(Duration.ofSeconds(10));
      assertServes(bridge, probe);
    }
  }

  private static BridgeProcess named(Mosquitto mosquitto, String hosts) {
    return BridgeProcess.connectingTo("tcp://broker.test:" + mosquitto.port())
        .environment("JAVA_TOOL_OPTIONS", "-Djdk.net.hosts.file=hosts")
        .file("hosts", hosts)
        .start();
  }

  private void assertServes(BridgeProcess bridge, MqttProbe probe) {
    try (RawCharger charger =
        RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      MqttProperties properties = new MqttProperties();
      properties.setResponseTopic("from_dehneEVSE/replies");
      probe.publish(
          "to_dehneEVSE",
          new MqttMessage(
              Messages.setPwm(serial, 16).getBytes(StandardCharsets.UTF_8), 0, false, properties));
      probe.take(onTopic("from_dehneEVSE/replies"));
      assertEquals(WireFrame.setPwm(16), charger.takeFrame());
    }
  }
}
