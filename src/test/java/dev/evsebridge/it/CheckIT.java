package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.docs.MarkdownFile;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --check} tells whether a start would succeed, without being one. */
@RequiresMosquitto
class CheckIT {
  private static final String USER = "bridge";
  private static final String PASSWORD = "kanariefugl";

  /** To start a JVM and to try a dozen rights takes long on a busy machine. */
  private static final Duration BUSY = Duration.ofMinutes(2);

  @Test
  void endsWith0WhenAllIsInOrder() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess check = check(mosquitto).start()) {
      assertEquals(0, check.exitStatus(), check::output);
      assertSays(check, "application.properties");
      assertSays(check, "routes/");
      assertSays(check, mosquitto.url());
    }
  }

  @Test
  void endsWith0InAFolderWithoutFiles() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess check = check(mosquitto).withoutRoutes().withoutProperties().start()) {
      assertEquals(0, check.exitStatus(), check::output);
    }
  }

  @Test
  void disturbsNoRunningBridge() {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe =
            MqttProbe.builder(mosquitto.url()).subscribingTo("from_dehneEVSE/#").connect();
        BridgeProcess bridge =
            BridgeProcess.builder()
                .listeningOn(port)
                .arguments("-h", mosquitto.url())
                .start()
                .awaitListening();
        BridgeProcess check =
            BridgeProcess.builder()
                .listeningOn(port)
                .arguments("-h", mosquitto.url(), "--check")
                .start()) {
      assertEquals(0, check.exitStatus(), check::output);
      assertTrue(bridge.isListening());
      probe.request("not JSON");
      // What the check has caused came before.
      probe.take(MqttProbe.error());
      Set<String> topics =
          probe.untaken(message -> true).stream()
              .map(MqttProbe.Message::topic)
              .collect(Collectors.toSet());
      assertEquals(
          Set.of(
              "from_dehneEVSE/bridge/availability",
              "from_dehneEVSE/bridge/info",
              "from_dehneEVSE/bridge/health",
              "from_dehneEVSE/bridge/chargers",
              "from_dehneEVSE/bridge/check"),
          topics);
      // The bridge has said that once, and did not have to connect anew.
      for (String once : List.of("availability", "info")) {
        assertEquals(1, probe.untaken(MqttProbe.onTopic("from_dehneEVSE/bridge/" + once)).size());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'topic readwrite #', 0",
    "'topic write from_dehneEVSE/#,topic read to_dehneEVSE/#', 0",
    "'topic write from_dehneEVSE/#,topic readwrite to_dehneEVSE/#', 0",
    "'topic read from_dehneEVSE/#,topic readwrite to_dehneEVSE/#', 2",
    "'topic write from_dehneEVSE,topic readwrite to_dehneEVSE/#', 2",
    "'topic write from_dehneEVSE/#,topic write to_dehneEVSE/#', 2",
  })
  void triesTheAccessRules(String rules, int status) {
    String acl = "user " + USER + "\n" + rules.replace(',', '\n') + "\n";
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, PASSWORD).acl(acl).start();
        BridgeProcess check =
            check(mosquitto)
                .environment("MQTT_USERNAME", USER)
                .environment("MQTT_PASSWORD", PASSWORD)
                .start()) {
      assertEquals(status, check.exitStatus(), check::output);
      assertFalse(check.output().contains(PASSWORD), check::output);
      assertNoStackTrace(check);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0, ''",
    "from_dehneEVSE/+/availability, 2, from_dehneEVSE/+/availability",
    "from_dehneEVSE/bridge/+/availability, 2, from_dehneEVSE/bridge/+/availability",
    "from_dehneEVSE/+/state, 2, from_dehneEVSE/+/state",
  })
  void triesWhatOneOfSeveralBridgesMayRead(String left, int status, String named) {
    String acl =
        MarkdownFile.of("docs/operations.md").lines().stream()
            .filter(line -> line.section().equals("Several bridges"))
            .map(line -> line.text().strip())
            .filter(line -> line.matches("(?:user|topic) .*"))
            .map(line -> line.replace("evse-bridge", USER))
            .filter(line -> !line.equals("topic read " + left))
            .collect(Collectors.joining("\n", "", "\n"));
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, PASSWORD).acl(acl).start();
        BridgeProcess check =
            check(mosquitto)
                .property("bridge.name", "one")
                .environment("MQTT_USERNAME", USER)
                .environment("MQTT_PASSWORD", PASSWORD)
                .start()) {
      assertEquals(status, check.exitStatus(BUSY), check::output);
      assertSays(check, named);
      assertNoStackTrace(check);
    }
  }

  @Test
  void disturbsNoneOfSeveralBridges() {
    String serial = Serials.next();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .property("bridge.name", "one")
                .start()
                .awaitListening();
        BridgeProcess check = check(mosquitto).property("bridge.name", "one").start()) {
      int asked = 0;
      while (check.isRunning()) {
        probe.request(Messages.ping(serial));
        asked++;
        probe.take(MqttProbe.errorOf(serial));
      }
      assertEquals(0, check.exitStatus(BUSY), check::output);
      assertTrue(asked > 0 && bridge.isRunning());
      assertEquals(List.of(), probe.untaken(MqttProbe.error()));
      assertEquals(List.of(), probe.untaken(message -> message.text().equals("offline")));
    }
  }

  @Test
  void worksWithABrokerThatTakesQos0Only() {
    int port = FreePort.find();
    try (Mosquitto mosquitto =
            Mosquitto.builder()
                .setting("listener " + port + " 127.0.0.1")
                .setting("max_qos 0")
                .start();
        BridgeProcess check =
            BridgeProcess.connectingTo("tcp://127.0.0.1:" + port).arguments("--check").start()) {
      assertTrue(mosquitto.isRunning());
      assertEquals(0, check.exitStatus(), check::output);
    }
  }

  @Test
  void endsWith2WhenThePasswordIsWrong() {
    try (Mosquitto mosquitto = Mosquitto.builder().user(USER, PASSWORD).start();
        BridgeProcess check =
            check(mosquitto)
                .environment("MQTT_USERNAME", USER)
                .environment("MQTT_PASSWORD", "wrong")
                .start()) {
      assertRefused(check, "mqtt.password");
    }
  }

  @Test
  void endsWith2WhenTheBrokerIsAway() {
    try (BridgeProcess check =
        BridgeProcess.connectingTo("tcp://127.0.0.1:" + FreePort.find())
            .arguments("--check")
            .start()) {
      assertRefused(check, "mqtt.broker");
    }
  }

  @Test
  void endsWith2WhenTheBrokerDoesNotRespond() {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.to(mosquitto.port())) {
      mosquitto.freeze();
      try (BridgeProcess check =
          BridgeProcess.connectingTo(cable.url()).arguments("--check").start()) {
        assertRefused(check, cable.url());
      } finally {
        mosquitto.thaw();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- route: [",
        "- route: {id: x, from: {uri: 'direct:x', steps: [{to: 'no-such-component:x'}]}}",
        "- route: {id: x, from: {uri: 'direct:x', steps: [{bean: {ref: noSuchBean}}]}}",
      })
  void endsWith2WhenARouteCannotBeUsed(String routes) {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess check = check(mosquitto).file("routes/extra.yaml", routes + "\n").start()) {
      assertRefused(check, "extra.yaml");
    }
  }

  @Test
  void runsNoRoute() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess check =
            check(mosquitto)
                .file(
                    "routes/extra.yaml",
                    "- route: {id: x, from: {uri: 'timer:x?delay=-1&repeatCount=9', steps: [{to: 'file:ran'}]}}\n")
                .start()) {
      assertEquals(0, check.exitStatus(), check::output);
      assertFalse(Files.exists(check.directory().resolve("ran")));
    }
  }

  @Test
  void endsWith2WhenASettingIsWrong() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess check = check(mosquitto).environment("MQTT_QOS", "3").start()) {
      assertRefused(check, "mqtt.qos");
    }
  }

  private static BridgeProcess.Builder check(Mosquitto mosquitto) {
    return BridgeProcess.connectingTo(mosquitto).arguments("--check");
  }

  private static void assertRefused(BridgeProcess check, String named) {
    assertEquals(2, check.exitStatus(), check::output);
    assertSays(check, named);
    assertNoStackTrace(check);
  }

  private static void assertSays(BridgeProcess check, String named) {
    assertTrue(check.output().contains(named), () -> named + " in\n" + check.output());
  }

  private static void assertNoStackTrace(BridgeProcess check) {
    assertFalse(check.output().contains("\tat "), check::output);
    assertFalse(check.output().contains("Exception"), check::output);
  }
}
