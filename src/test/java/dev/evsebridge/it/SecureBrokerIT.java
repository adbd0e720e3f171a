package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.Certificates;
import dev.evsebridge.testkit.Certificates.Identity;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The bridge talks to the broker that its certificates and passwords are meant for, and to no
 * other: it keeps trying and lets no charger in until then.
 */
@RequiresMosquitto
class SecureBrokerIT {
  private static final String USER = "garage";
  private static final String PASSWORD = "pa55: wörd&# =$x";

  private static Certificates own;
  private static Certificates foreign;
  private static Identity server;

  private final String serial = Serials.next();

  @BeforeAll
  static void issueCertificates() {
    own = new Certificates();
    foreign = new Certificates();
    server = own.server("dns:localhost");
  }

  @AfterAll
  static void removeCertificates() {
    own.close();
    foreign.close();
  }

  @Test
  void worksOverTlsWithACertificateAuthorityOfOnesOwn() {
    try (Mosquitto mosquitto = Mosquitto.builder().tls(own, server).start();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = secured(mosquitto.tlsPort()).start().awaitListening()) {
      assertServes(bridge, probe);
    }
  }

  @Test
  void staysAwayFromABrokerOfAnotherAuthority() {
    assertStaysAwayUntilRenewed(foreign.server("dns:localhost"));
  }

  @Test
  void staysAwayFromABrokerOfAnotherName() {
    assertStaysAwayUntilRenewed(own.server("dns:elsewhere.example"));
  }

  @Test
  void staysAwayFromABrokerWhoseCertificateHasExpired() {
    assertStaysAwayUntilRenewed(own.expiredServer("dns:localhost"));
  }

  private void assertStaysAwayUntilRenewed(Identity wrong) {
    try (Mosquitto mosquitto = Mosquitto.builder().tls(own, wrong).start();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        Cable cable = Cable.toSecure(mosquitto.tlsPort());
        BridgeProcess bridge = secured(cable.port()).start()) {
      assertKeepsTrying(bridge, cable);
      assertEquals(0, probe.count());
      wrong.replaceWith(server);
      mosquitto.restart();
      bridge.awaitListening();
      try (MqttProbe after = MqttProbe.connect(mosquitto)) {
        assertServes(bridge, after);
      }
    }
  }

  @Test
  void showsItsCertificateToABrokerThatRequiresOne() {
    Identity client = own.client("bridge");
    try (Mosquitto mosquitto =
            Mosquitto.builder().tls(own, server).requireClientCertificate().start();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            withCertificate(secured(mosquitto.tlsPort()), client).start().awaitListening()) {
      assertServes(bridge, probe);
    }
  }

  @Test
  void keepsTryingWhenTheBrokerRequiresACertificateThatItDoesNotHave() {
    try (Mosquitto mosquitto =
            Mosquitto.builder().tls(own, server).requireClientCertificate().start();
        Cable cable = Cable.toSecure(mosquitto.tlsPort());
        BridgeProcess bridge = secured(cable.port()).start()) {
      assertKeepsTrying(bridge, cable);
    }
  }

  @Test
  void keepsTryingWhenTheBrokerDoesNotTrustItsCertificate() {
    Identity client = foreign.client("bridge");
    try (Mosquitto mosquitto =
            Mosquitto.builder().tls(own, server).requireClientCertificate().start();
        Cable cable = Cable.toSecure(mosquitto.tlsPort());
        BridgeProcess bridge = withCertificate(secured(cable.port()), client).start()) {
      assertKeepsTrying(bridge, cable);
    }
  }

  @Test
  void keepsTryingWhenTheBrokerDoesNotSpeakTls() {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.toSecure(mosquitto.port());
        BridgeProcess bridge = secured(cable.port()).start()) {
      assertKeepsTrying(bridge, cable);
    }
  }

  @Test
  void logsInWithUserNameAndPassword() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, PASSWORD).start();
        MqttProbe probe = loggedIn(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_USERNAME", USER)
                .environment("MQTT_PASSWORD", PASSWORD)
                .start()
                .awaitListening()) {
      assertServes(bridge, probe);
      assertKeepsTheSecret(bridge);
    }
  }

  @Test
  void logsInOverTlsWithThePasswordOfAFileThatEndsInANewLine() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, PASSWORD).tls(own, server).start();
        MqttProbe probe = loggedIn(mosquitto);
        BridgeProcess bridge =
            secured(mosquitto.tlsPort())
                .environment("MQTT_USERNAME", USER)
                .environment("MQTT_PASSWORD_FILE", "broker-password")
                .file("broker-password", PASSWORD + "\n")
                .start()
                .awaitListening()) {
      assertServes(bridge, probe);
      assertKeepsTheSecret(bridge);
    }
  }

  @Test
  void keepsTryingWithARefusedPasswordAndNeverShowsIt() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, "another one").start();
        Cable cable = Cable.to(mosquitto.port());
        BridgeProcess bridge =
            BridgeProcess.connectingTo(cable.url())
                .toml("[mqtt]", "username = \"" + USER + "\"", "password = \"" + PASSWORD + "\"")
                .start()) {
      assertKeepsTrying(bridge, cable);
      mosquitto.changePassword(USER, PASSWORD);
      bridge.awaitListening();
      try (MqttProbe probe = loggedIn(mosquitto)) {
        assertServes(bridge, probe);
      }
      assertKeepsTheSecret(bridge);
    }
  }

  @Test
  void usesACertificateThatIsRenewedWhileItRuns() {
    Identity client = foreign.client("bridge");
    try (Mosquitto mosquitto =
            Mosquitto.builder().tls(own, server).requireClientCertificate().start();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        Cable cable = Cable.toSecure(mosquitto.tlsPort());
        BridgeProcess bridge = withCertificate(secured(cable.port()), client).start()) {
      assertKeepsTrying(bridge, cable);
      client.replaceWith(own.client("bridge"));
      bridge.awaitListening();
      assertServes(bridge, probe);
    }
  }

  @Test
  void usesAPasswordThatIsRenewedWhileItRuns() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, PASSWORD).start();
        MqttProbe probe = loggedIn(mosquitto);
        Cable cable = Cable.to(mosquitto.port());
        BridgeProcess bridge =
            BridgeProcess.connectingTo(cable.url())
                .environment("MQTT_USERNAME", USER)
                .environment("MQTT_PASSWORD_FILE", "broker-password")
                .file("broker-password", "an old one\n")
                .start()) {
      assertKeepsTrying(bridge, cable);
      Files.writeString(bridge.directory().resolve("broker-password"), PASSWORD + "\n");
      bridge.awaitListening();
      assertServes(bridge, probe);
      assertKeepsTheSecret(bridge);
    }
  }

  private static BridgeProcess.Builder secured(int port) {
    return BridgeProcess.connectingTo("ssl://localhost:" + port)
        .environment("MQTT_TLS_CA_FILE", own.authorityFile().toString());
  }

  private static BridgeProcess.Builder withCertificate(
      BridgeProcess.Builder bridge, Identity client) {
    return bridge
        .environment("MQTT_TLS_CERT_FILE", client.certificateFile().toString())
        .environment("MQTT_TLS_KEY_FILE", client.keyFile().toString());
  }

  private static MqttProbe loggedIn(Mosquitto mosquitto) {
    return MqttProbe.builder(mosquitto.url())
        .subscribingTo("from_dehneEVSE/#")
        .user(USER, PASSWORD)
        .connect();
  }

  private void assertServes(BridgeProcess bridge, MqttProbe probe) {
    try (RawCharger charger =
        RawCharger.connect(bridge.port()).hello(serial, 9).answerLikeFirmware()) {
      probe.take(message("new_connection", serial));
      probe.request(Messages.setPwm(serial, 16));
      assertEquals(
          Messages.plain("response_set_pwm_percent", serial),
          probe.take(message("response_set_pwm_percent", serial)).text());
      assertEquals(WireFrame.setPwm(16), charger.takeFrame());
    }
  }

  private static void assertKeepsTrying(BridgeProcess bridge, Cable cable) {
    cable.awaitConnections(2);
    assertTrue(bridge.isRunning(), bridge::output);
    assertFalse(bridge.isListening(), bridge::output);
  }

  private static void assertKeepsTheSecret(BridgeProcess bridge) throws IOException {
    assertTrue(bridge.isRunning(), bridge::output);
    assertHidden(
        Files.readString(
            Path.of("/proc", Long.toString(bridge.id()), "cmdline"), StandardCharsets.UTF_8));
    int unused = bridge.stop();
    assertHidden(bridge.output());
  }

  private static void assertHidden(String text) {
    assertFalse(text.isBlank());
    assertFalse(text.contains(PASSWORD), text);
    assertFalse(text.contains("pa55"), text);
  }
}
