package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
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
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the jar carries, so that it runs in any folder. */
class DefaultFilesIT {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

  private final String serial = Serials.next();

  @Test
  @RequiresMosquitto
  void servesChargersInTheFolderOfTheOriginalBridge() {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.builder()
                .withoutRoutes()
                .withoutProperties()
                .toml(
                    "[ evse ]",
                    "bind_address = \"127.0.0.1\"",
                    "bind_port = " + port,
                    "[ evse_name ]",
                    "id_" + serial + " = \"Charger 1\"",
                    "[ mqtt ]",
                    "broker = \"" + mosquitto.url() + "\"")
                .awaitedOn(port)
                .start()
                .awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).hello(serial, 9).answerLikeFirmware()) {
      probe.take(message("new_connection", "Charger 1"));
      probe.request(Messages.setPwm("Charger 1", 16));
      probe.take(message("response_set_pwm_percent", "Charger 1"));
      assertFalse(Files.exists(bridge.directory().resolve("routes")));
    }
  }

  @Test
  void writesThemToBeEdited() throws IOException {
    try (BridgeProcess bridge =
        BridgeProcess.builder().withoutRoutes().withoutProperties().arguments("--init").start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      assertEquals(
          Files.readString(PROJECT.resolve("application.properties")),
          Files.readString(bridge.directory().resolve("application.properties")));
      assertEquals(contents(PROJECT.resolve("routes")), routes(bridge));
      assertTrue(bridge.output().contains("routes"), bridge::output);
    }
  }

  @Test
  void overwritesNothing() throws IOException {
    String listener =
        Files.readString(PROJECT.resolve("routes/charger-listener.yaml")) + "# mine\n";
    String interlock = Files.readString(PROJECT.resolve("routes/interlock.yaml"));
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .withoutRoutes()
            .file("routes/charger-listener.yaml", listener)
            .file("routes/mine.yaml", interlock)
            .property("my.key", "mine")
            .arguments("--init")
            .start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      assertTrue(
          Files.readString(bridge.directory().resolve("application.properties")).contains("mine"));
      Map<String, String> expected = contents(PROJECT.resolve("routes"));
      expected.put("charger-listener.yaml", listener);
      // A route that stands in another file already would clash.
      expected.remove("interlock.yaml");
      expected.put("mine.yaml", interlock);
      assertEquals(expected, routes(bridge));
    }
  }

  @Test
  void writesTheRoutesWhereOnlyTheyAreMissing() throws IOException {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .withoutRoutes()
            .property("my.key", "mine")
            .arguments("--init")
            .start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      assertTrue(
          Files.readString(bridge.directory().resolve("application.properties")).contains("mine"));
      assertEquals(contents(PROJECT.resolve("routes")), routes(bridge));
    }
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
