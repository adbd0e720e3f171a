package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.RoutesFolder;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The folder of a bridge of version 1.0.0, as it was left, with this version's jar. */
class UpgradeIT {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  private static final Path OLD = PROJECT.resolve("src/test/resources/installation-1.0.0");

  private final String serial = Serials.next();

  @Test
  @RequiresMosquitto
  void startsUnchangedWithSettingsAndState() throws IOException {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            old()
                .file(
                    "application.properties",
                    settings(port, mosquitto.url(), "evse_name.id_" + serial + " = Garage"))
                .file("state/" + journal(mosquitto.url()), "+Carport\n+Street\n-Street\n")
                .awaitedOn(port)
                .start()
                .awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port())
                .answerLikeFirmware()
                .hello(serial, 9)
                .send(WireFrame.of(WireFrame.NOTIFY))) {
      // Online when the former version was killed, and gone since.
      assertEquals("offline", probe.take(onTopic(availability("Carport"))).text());
      probe.take(message("new_connection", "Garage"));
      assertEquals("online", probe.take(onTopic(availability("Garage"))).text());
      probe.request(Messages.setPwm("Garage", 16));
      probe.take(message("response_set_pwm_percent", "Garage"));
      probe.take(onTopic("from_dehneEVSE/Garage/firmware"));
      assertEquals(contents(OLD.resolve("routes")), routes(bridge));
      assertTrue(charger.isOpen());
    }
  }

  @Test
  @RequiresMosquitto
  void takesWhatIsPutIntoTheFolderWhileItRuns() throws IOException {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            old()
                .file("application.properties", settings(port, mosquitto.url(), ""))
                .awaitedOn(port)
                .start()
                .awaitListening()) {
      RoutesFolder folder = new RoutesFolder(bridge, probe);
      String edited =
          Files.readString(PROJECT.resolve("routes/availability.yaml"))
              .replace("/availability\"", "/presence\"");
      folder.load("availability.yaml", edited);
      try (RawCharger charger =
          RawCharger.connect(bridge.port()).hello(serial, 9).send(WireFrame.of(WireFrame.NOTIFY))) {
        assertEquals(
            "online", probe.take(onTopic("from_dehneEVSE/" + serial + "/presence")).text());
        assertTrue(charger.isOpen());
      }
    }
  }

  @Test
  void isBroughtUpToDateByInitWithoutTouchingWhatWasEdited() throws IOException {
    String edited = Files.readString(OLD.resolve("routes/errors.yaml")) + "# mine\n";
    try (BridgeProcess bridge =
        old().file("routes/errors.yaml", edited).arguments("--init").start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      Map<String, String> expected = contents(PROJECT.resolve("routes"));
      expected.put("errors.yaml", edited);
      assertEquals(expected, routes(bridge));
      assertFalse(Files.exists(bridge.directory().resolve("routes/presence.yaml")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"charger-to-mqtt", "errors", "mqtt-to-charger", "presence"})
  void namesAnEditedFileThatNoLongerRuns(String name) throws IOException {
    String file = "routes/" + name + ".yaml";
    String edited = Files.readString(OLD.resolve(file)) + "# mine\n";
    try (BridgeProcess bridge = old().file(file, edited).arguments("--check").start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      String last = bridge.output().lines().reduce("", (before, line) -> line);
      assertTrue(last.contains(file), bridge::output);
      assertTrue(last.contains("1.0.0"), bridge::output);
    }
  }

  private static BridgeProcess.Builder old() throws IOException {
    BridgeProcess.Builder builder = BridgeProcess.builder().withoutRoutes().withoutProperties();
    contents(OLD.resolve("routes")).forEach((name, text) -> builder.file("routes/" + name, text));
    return builder.file(
        "application.properties", Files.readString(OLD.resolve("application.properties")));
  }

  /** All settings that version 1.0.0 had, as far as they fit here. */
  private static String settings(int port, String broker, String more) throws IOException {
    return Files.readString(OLD.resolve("application.properties"))
        + """
        evse.bind_address = 127.0.0.1
        evse.bind_port = %d
        evse.handshake_timeout = 10s
        evse.idle_timeout = 60s
        evse.request_timeout = 5s
        evse.firmware_timeout = 60s
        evse.request_queue = 16
        evse.max_connections = 10000
        evse.max_frame_length = 65536
        evse.allowed_serials =
        mqtt.broker = %s
        mqtt.topic_publish = from_dehneEVSE
        mqtt.topic_subscribe = to_dehneEVSE
        mqtt.client_id = dehneevse_mqtt_bridge
        mqtt.qos = 1
        mqtt.keep_alive = 10s
        mqtt.buffer = 10000
        mqtt.max_payload = 262144
        bridge.broker_loss_grace = 30s
        bridge.state_dir = state
        bridge.log_level = INFO
        %s
        """
            .formatted(port, broker, more);
  }

  private static String journal(String broker) {
    return "online-%08x.txt"
        .formatted(Objects.hash(broker, "from_dehneEVSE", "dehneevse_mqtt_bridge"));
  }

  private static String availability(String clientId) {
    return "from_dehneEVSE/" + clientId + "/availability";
  }

  private static Map<String, String> routes(BridgeProcess bridge) throws IOException {
    return contents(bridge.directory().resolve("routes"));
  }

  private static Map<String, String> contents(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    return contents;
  }
}
