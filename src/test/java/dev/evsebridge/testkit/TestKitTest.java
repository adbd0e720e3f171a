package dev.evsebridge.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.Test;

/** What the integration tests lean on does what it says. */
@RequiresMosquitto
class TestKitTest {

  @Test
  void probeRecordsWhatArrivesInOrderAndWithProperties() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto)) {
      MqttProperties properties = new MqttProperties();
      properties.setCorrelationData("c-1".getBytes(StandardCharsets.UTF_8));
      probe.publish("from_dehneEVSE", bytes("{\"message_type\":\"a\"}"));
      probe.publish("from_dehneEVSE/error", new MqttMessage(bytes("b"), 1, false, properties));
      List<MqttProbe.Message> both = probe.take(2, message -> true);
      assertEquals("a", both.get(0).field("message_type"));
      assertEquals("c-1", both.get(1).correlation());
      assertEquals("from_dehneEVSE/error", both.get(1).topic());
    }
  }

  @Test
  void oldClientPublishes() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto)) {
      String longText = "x".repeat(300);
      Mqtt311Publisher.publish(mosquitto.port(), "from_dehneEVSE", longText);
      assertEquals(longText, probe.take(message -> true).text());
    }
  }

  @Test
  void brokerWithPasswordsAndAclLetsOnlyItsUsersIn() {
    try (Mosquitto mosquitto =
        Mosquitto.builder()
            .user("anna", "geheim")
            .acl("user anna\ntopic readwrite from_dehneEVSE/#\n")
            .start()) {
      try (MqttProbe anna =
          MqttProbe.builder(mosquitto.url())
              .user("anna", "geheim")
              .subscribingTo("from_dehneEVSE/#")
              .connect()) {
        assertTrue(anna.isConnected());
      }
      assertThrows(
          IllegalStateException.class,
          () -> MqttProbe.builder(mosquitto.url()).user("anna", "falsch").connect());
      assertThrows(IllegalStateException.class, () -> MqttProbe.builder(mosquitto.url()).connect());
    }
  }

  @Test
  void brokerSpeaksTlsAndWebSocketsWithItsOwnAuthority() throws Exception {
    try (Certificates certificates = new Certificates();
        Mosquitto mosquitto =
            Mosquitto.builder()
                .tls(certificates, certificates.server("dns:localhost", "ip:127.0.0.1"))
                .requireClientCertificate()
                .webSockets()
                .start()) {
      assertTrue(FreePort.accepts(mosquitto.tlsPort()));
      assertTrue(FreePort.accepts(mosquitto.webSocketPort()));
      String key = Files.readString(certificates.client("bridge").keyFile());
      assertTrue(key.startsWith("-----BEGIN PRIVATE KEY-----\n"), key);
      try (MqttProbe probe =
          MqttProbe.builder("ws://127.0.0.1:" + mosquitto.webSocketPort()).connect()) {
        assertTrue(probe.isConnected());
      }
    }
  }

  @Test
  void retainedMessagesAndKeptSessionsSurviveACleanRestartOfAPersistentBroker() {
    try (Mosquitto mosquitto = Mosquitto.builder().persistent().start();
        MqttProbe kept =
            MqttProbe.builder(mosquitto.url())
                .subscribingTo("from_dehneEVSE/#")
                .keepingSession()
                .reconnecting()
                .connect()) {
      kept.publishRetained("from_dehneEVSE/x/availability", bytes("online"));
      kept.take(message -> true);
      mosquitto.restart();
      try (MqttProbe later = MqttProbe.connect(mosquitto)) {
        MqttProbe.Message message = later.take(each -> true);
        assertTrue(message.retained());
        assertEquals("online", message.text());
        later.publish("from_dehneEVSE", bytes("after"));
        assertEquals("after", kept.take(each -> !each.retained(), Duration.ofSeconds(10)).text());
      }
    }
  }

  @Test
  void frozenBrokerAnswersNobodyUntilItGoesOn() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto)) {
      mosquitto.freeze();
      assertTrue(mosquitto.isRunning());
      mosquitto.thaw();
      probe.publish("from_dehneEVSE", bytes("x"));
      assertEquals("x", probe.take(message -> true).text());
      mosquitto.kill();
      assertFalse(mosquitto.isRunning());
    }
  }

  @Test
  void recordedReadingsAreThoseThatTheKitWouldBuild() {
    Capture plain = Capture.all().get(0);
    assertEquals("10BA23AB50534D53302E3120FF162332", plain.serial());
    assertEquals(2, plain.firmwareVersion());
    ChargerReading reading =
        ChargerReading.typical()
            .firmwareVersion(2)
            .pwmPercent(100)
            .uptime(0xEA8D)
            .log("60034: Switched contactor off\u000060040: PWM percent updated to 100\u0000");
    assertEquals(3, plain.readings().size());
    assertArrayEquals(plain.readings().get(2).bytes(), reading.frame().bytes());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
