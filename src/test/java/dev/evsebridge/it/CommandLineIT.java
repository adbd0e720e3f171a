package dev.evsebridge.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Called wrongly, the bridge says in one line what is wrong, and ends. */
class CommandLineIT {
  private static final String SERIAL = "10BA23AB50534D53302E3120FF162332";
  private static final String OTHER_SERIAL = "795AF52150534D53302E3120FF16112E";

  @Test
  void helpListsEveryOption() {
    try (BridgeProcess bridge = BridgeProcess.builder().arguments("--help").start()) {
      assertEquals(0, bridge.exitStatus());
      for (String option :
          List.of(
              "-a",
              "-p",
              "-c",
              "-h",
              "--mqtt_host",
              "--mqtt_topic_publish",
              "--mqtt_topic_subscribe",
              "--help",
              "--version",
              "--simulate",
              "--simulate-against",
              "--scenario",
              "--calibration",
              "--calibrate",
              "--init",
              "--check")) {
        assertTrue(bridge.output().contains(option), () -> option + " in\n" + bridge.output());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version"})
  void tellsAboutItselfFromAnyFolder(String option) {
    try (BridgeProcess bridge =
        BridgeProcess.builder().withoutRoutes().withoutProperties().arguments(option).start()) {
      assertEquals(0, bridge.exitStatus());
      assertFalse(bridge.output().isBlank());
    }
  }

  @Test
  void versionIsOneLineWithANumber() {
    try (BridgeProcess bridge = BridgeProcess.builder().arguments("--version").start()) {
      assertEquals(0, bridge.exitStatus());
      assertEquals(1, bridge.output().strip().lines().count(), bridge::output);
      assertTrue(bridge.output().matches("(?s).*\\d+\\.\\d+.*"), bridge::output);
    }
  }

  @Test
  void versionNamesTheCommitThatTheJarWasBuiltFrom() throws Exception {
    assumeTrue(git("rev-parse", "HEAD") != null, "this is no Git repository");
    try (BridgeProcess bridge = BridgeProcess.builder().arguments("--version").start()) {
      assertEquals(0, bridge.exitStatus());
      Matcher named =
          Pattern.compile(
                  "evse-mqtt-bridge \\d+\\.\\d+\\.\\d+"
                      + " \\(commit ([0-9a-f]{12}) of (\\S+Z)(?:, with changes)?\\)")
              .matcher(bridge.output().strip());
      assertTrue(named.matches(), bridge::output);
      String time = git("show", "--no-patch", "--format=%cI", named.group(1));
      assertNotNull(time, bridge::output);
      assertEquals(OffsetDateTime.parse(time).toInstant(), Instant.parse(named.group(2)));
    }
  }

  /** What Git says about the project in one line; null where it can't. */
  private static @Nullable String git(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    try {
      Process git =
          new ProcessBuilder(command)
              .directory(BridgeProcess.jar().getParent().toFile())
              .redirectError(Redirect.DISCARD)
              .start();
      String output = new String(git.getInputStream().readAllBytes(), US_ASCII).strip();
      return git.waitFor() == 0 ? output : null;
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * One wrong call.
   *
   * @param named what the complaint must name: the key or the option, and where it helps the value
   */
  record Wrong(String what, UnaryOperator<BridgeProcess.Builder> call, List<String> named) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Wrong wrong(
      String what, UnaryOperator<BridgeProcess.Builder> call, String... named) {
    return new Wrong(what, call, List.of(named));
  }

  private static Wrong argument(String option, String value, String... named) {
    return wrong(option + " " + value, bridge -> bridge.arguments(option, value), named);
  }

  private static Wrong variable(String name, String value, String... named) {
    return wrong(name + "=" + value, bridge -> bridge.environment(name, value), named);
  }

  private static Wrong property(String key, String value) {
    return wrong(key + "=" + value, bridge -> bridge.property(key, value), key);
  }

  private static Wrong toml(String what, String key, String... lines) {
    return wrong(what, bridge -> bridge.toml(lines), key);
  }

  static Stream<Wrong> wrongCalls() {
    return Stream.of(wrongArguments(), wrongVariables(), wrongProperties(), wrongToml(), names())
        .flatMap(each -> each);
  }

  private static Stream<Wrong> wrongArguments() {
    return Stream.of(
        argument("-p", "70000", "70000"),
        argument("-p", "-1", "-p"),
        argument("-p", "ninety", "ninety"),
        argument("-a", "no such address", "no such address"),
        argument("-h", "http://localhost:1883", "http://localhost:1883"),
        argument("-h", "tcp://", "tcp://"),
        argument("-h", "tcp://kanarie:fugl@localhost:1883", "mqtt.broker", "mqtt.username"),
        argument("--mqtt_host", "local host", "local host"),
        argument("--mqtt_topic_publish", "", "topic_publish"),
        argument("--mqtt_topic_publish", "from/#", "topic_publish"),
        argument("--mqtt_topic_subscribe", "to/+", "topic_subscribe"),
        argument("--mqtt_topic_subscribe", "from_dehneEVSE", "topic_"),
        argument("--simulate", "many", "many"),
        argument("--simulate-against", "localhost", "--simulate-against", "HOST:PORT"),
        argument("--simulate-against", "localhost:0", "--simulate-against", "port"),
        argument("--simulate-against", "localhost:65536", "--simulate-against", "port"),
        argument("--simulate-against", ":9091", "--simulate-against", "HOST:PORT"),
        argument("--simulate-against", "no-such-host.invalid:9091", "no-such-host.invalid"),
        argument("--scenario", "charging", "--scenario", "--simulate"),
        argument("--calibrate", "current_l1=2041:0.2", "--calibrate", "RAW:METER"),
        argument("--calibrate", "current_l1=2041:0.2,4095:63", "--calibrate", "4095"),
        wrong("--calibration alone", bridge -> bridge.arguments("--calibration"), "--simulate"),
        wrong(
            "an unknown scenario",
            bridge -> bridge.arguments("--simulate", "1", "--scenario", "racing"),
            "racing",
            "mixed",
            "charging"),
        wrong(
            "no simulated charger against a bridge",
            bridge -> bridge.arguments("--simulate-against", "localhost:9091", "--simulate", "0"),
            "--simulate",
            "1 to"),
        wrong(
            "a broker for simulated chargers",
            bridge -> bridge.arguments("--simulate-against", "localhost:9091", "-h", "tcp://x"),
            "--simulate-against"),
        argument("-c", "there-is-no-such-file.toml", "there-is-no-such-file.toml"),
        wrong("-c with a folder", bridge -> bridge.arguments("-c", "routes"), "routes"),
        wrong("an unknown option", bridge -> bridge.arguments("--mqtt_hots=x"), "--mqtt_hots"),
        wrong("an option without its value", bridge -> bridge.arguments("-p"), "-p"),
        wrong("a word too many", bridge -> bridge.arguments("start"), "start"));
  }

  private static Stream<Wrong> wrongVariables() {
    return Stream.of(
        variable("EVSE_BIND_PORT", "abc", "abc"),
        variable("EVSE_REQUEST_TIMEOUT", "5 parsecs", "5 parsecs"),
        variable("MQTT_QOS", "3", "3"),
        variable("MQTT_BROKER", "amqp://localhost", "amqp://localhost"),
        variable("MQTT_TOPIC_SUBSCRIBE", "from_dehneEVSE", "topic_"),
        variable("MQTT_PASSWORD", "geheim", "mqtt.password", "mqtt.username"),
        variable("MQTT_BROKR", "tcp://localhost:1883", "MQTT_BROKR", "MQTT_BROKER"),
        variable("DEHNEEVSE_MQTT_BROKR", "tcp://localhost:1883", "DEHNEEVSE_MQTT_BROKR"),
        variable("CONTROL_MODE", "on", "control.max_amps"),
        variable("EVSE_POLL", "5s", "evse.poll"));
  }

  private static Stream<Wrong> wrongProperties() {
    return Stream.of(
        property("evse.bind_port", "9091x"),
        property("evse.handshake_timeout", "soon"),
        property("evse.idle_timeout", "-5s"),
        property("evse.request_timeout", "0s"),
        property("evse.firmware_timeout", "60"),
        property("evse.request_queue", "-1"),
        property("evse.max_connections", "0"),
        property("evse.max_frame_length", "many"),
        property("evse.allowed_serials", "10BA,20BA"),
        property("mqtt.keep_alive", "x"),
        property("mqtt.buffer", "-1"),
        property("mqtt.max_payload", "1.5"),
        property("mqtt.qos", "exactly once"),
        property("mqtt.tls.ca_file", "there-is-no-ca.pem"),
        property("mqtt.password_file", "there-is-no-password"),
        property("bridge.broker_loss_grace", "later"),
        property("evse.request_timeot", "5s"),
        property("mqtt.pasword", "geheim"),
        property("mqqt.broker", "tcp://localhost:1883"),
        property("mqtt.topic_publish", "a%20b"),
        property("mqtt.topic_publish", "//evse/from"),
        property("mqtt.topic_publish", "evse?qos=0"),
        property("mqtt.topic_subscribe", "a{{b}}"),
        property("mqtt.keep_alive", "24h"),
        property("bridge.colour", "red"),
        property("evse_name.10BA", "x"));
  }

  private static Stream<Wrong> wrongToml() {
    return Stream.of(
        toml("a TOML table that is not closed", "dehneevse_mqtt_bridge.toml", "[ evse", "x = 1"),
        toml("TOML without quotes", "dehneevse_mqtt_bridge.toml", "[ mqtt ]", "broker = tcp://x"),
        toml(
            "a TOML key given twice",
            "dehneevse_mqtt_bridge.toml",
            "[evse]",
            "bind_port = 1",
            "bind_port = 2"),
        toml("a wrong port in TOML", "evse.bind_port", "[ evse ]", "bind_port = 99999"),
        toml("a text for a number in TOML", "evse.bind_port", "[ evse ]", "bind_port = \"x\""),
        toml("an unknown key in TOML", "evse.bind_prot", "[ evse ]", "bind_prot = 9091"),
        toml("an unknown table in TOML", "mqqt.broker", "[ mqqt ]", "broker = \"tcp://x\""),
        toml("equal topics in TOML", "topic_", "[ mqtt ]", "topic_publish = \"to_dehneEVSE\""),
        wrong(
            "a wrong value in a properties file",
            bridge -> bridge.file("my.properties", "mqtt.qos=7\n").arguments("-c", "my.properties"),
            "mqtt.qos",
            "7"));
  }

  private static Stream<Wrong> names() {
    String key = "evse_name.id_" + SERIAL;
    return Stream.concat(
        Stream.of("a/b", "a+b", "#", "bridge", "error", "", "a\\u0000b", "a\\u0007b", "a\\nb")
            .map(
                name ->
                    toml(
                        "the name \"" + name + "\"",
                        key,
                        "[ evse_name ]",
                        "id_" + SERIAL + " = \"" + name + "\"")),
        Stream.of(
            toml(
                "one name for two chargers",
                "evse_name.id_",
                "[ evse_name ]",
                "id_" + SERIAL + " = \"Charger 1\"",
                "id_" + OTHER_SERIAL + " = \"Charger 1\""),
            toml(
                "a name for a serial that is too short",
                "evse_name.id_10BA",
                "[ evse_name ]",
                "id_10BA = \"Charger 1\""),
            toml(
                "a name for a serial with a wrong digit",
                "evse_name.id_X",
                "[ evse_name ]",
                "id_X" + SERIAL.substring(1) + " = \"Charger 1\"")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongCalls")
  void saysInOneLineWhatIsWrongAndEndsWithStatus2(Wrong wrong) {
    try (BridgeProcess bridge = wrong.call().apply(BridgeProcess.builder()).start()) {
      assertComplaint(bridge, wrong.named());
    }
  }

  @Test
  void neverShowsASecretInAComplaint() {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .environment("MQTT_PASSWORD", "kanariefugl")
            .environment("MQTT_QOS", "9")
            .start()) {
      assertComplaint(bridge, List.of("9"));
      assertFalse(bridge.output().contains("kanariefugl"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-h", "--mqtt_host", "--mqtt_hots", "-x"})
  void neverShowsAPasswordInTheBrokersAddress(String option) {
    try (BridgeProcess bridge =
        BridgeProcess.builder().arguments(option + "=tcp://user:kanariefugl@localhost").start()) {
      assertComplaint(bridge, List.of(""));
      assertFalse(bridge.output().contains("kanariefugl"), bridge::output);
    }
  }

  @Test
  void refusesAWrongValueThatTheCommandLineOverrides() {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .property("evse.bind_port", "9091x")
            .arguments("-p", "9091")
            .start()) {
      assertComplaint(bridge, List.of("evse.bind_port", "9091x", "application.properties"));
    }
  }

  @Test
  void saysWhichSourceAWrongValueComesFrom() {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .toml("[ evse ]", "bind_port = 70000")
            .property("evse.bind_port", "9091")
            .start()) {
      assertComplaint(bridge, List.of("evse.bind_port", "70000", "dehneevse_mqtt_bridge.toml"));
    }
  }

  @Test
  @RequiresMosquitto
  void saysThatThePortIsInUse() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.started();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        BridgeProcess bridge =
            BridgeProcess.builder()
                .listeningOn(taken.getLocalPort())
                .arguments("-h", mosquitto.url())
                .start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      assertOneLineNames(bridge.output(), List.of("evse.bind_port", "" + taken.getLocalPort()));
      assertNoStackTrace(bridge.output());
    }
  }

  @Test
  void saysThatTheRoutesAreMissing() {
    try (BridgeProcess bridge = BridgeProcess.builder().withoutRoutes().start()) {
      assertComplaint(bridge, List.of("routes"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      textBlock =
          """
          "- route: [", extra.yaml
          "- route: {id: x, from: {uri: 'direct:x', steps: [{to: 'no-such-component:x'}]}}", extra.yaml
          "- route: {id: x, from: {uri: 'direct:x', steps: [{bean: {ref: noSuchBean}}]}}", extra.yaml
          "- route: {id: reply, from: {uri: 'direct:x', steps: [{log: x}]}}", reply
          """)
  void saysWhatIsWrongWithTheRoutes(String routes, String named) {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .listeningOn(FreePort.find())
            .file("routes/extra.yaml", routes + "\n")
            .start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      assertOneLineNames(bridge.output(), List.of("routes", named));
      assertNoStackTrace(bridge.output());
    }
  }

  @Test
  void printsTheCalibrationOfSimulatedChargersFromAnyFolder() {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .withoutRoutes()
            .withoutProperties()
            .arguments("--simulate", "2", "--calibration")
            .start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      List<String> lines = bridge.output().lines().toList();
      assertEquals(12, lines.size(), bridge::output);
      for (String line : lines) {
        assertTrue(line.matches("sensors\\.id_[0-9A-F]{32}\\.\\w+_l[123] = \\d+,\\d+,\\d+"), line);
      }
    }
  }

  @Test
  void makesACalibrationOfTwoMeasurementsFromAnyFolder() {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .withoutRoutes()
            .withoutProperties()
            .arguments("--calibrate", "current_l1=2189:5.9,2437:15.8")
            .start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      assertEquals("sensors.current_l1 = 2041.2,9900,248", bridge.output().strip());
    }
  }

  @Test
  void runsSimulatedChargersAgainstAnotherBridgeFromAnyFolder() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
        BridgeProcess chargers =
            BridgeProcess.builder()
                .withoutRoutes()
                .withoutProperties()
                .arguments("--simulate-against", "127.0.0.1:" + other.getLocalPort())
                .arguments("--simulate", "2", "--scenario", "charging")
                .start()) {
      other.setSoTimeout(20_000);
      Set<String> hellos = new TreeSet<>();
      for (int i = 0; i < 2; i++) {
        try (Socket charger = other.accept()) {
          hellos.add(new String(charger.getInputStream().readNBytes(17), US_ASCII));
        }
      }
      assertEquals(Set.of("SIMULATED0000001\t", "SIMULATED0000002\t"), hellos);
      assertTrue(chargers.isRunning());
    }
  }

  @Test
  void saysThatThePropertiesAreMissing() {
    try (BridgeProcess bridge = BridgeProcess.builder().withoutProperties().start()) {
      assertComplaint(bridge, List.of("application.properties"));
    }
  }

  private static void assertComplaint(BridgeProcess bridge, List<String> named) {
    assertEquals(2, bridge.exitStatus(), bridge::output);
    String output = bridge.output();
    assertOneLineNames(output, named);
    assertEquals(1, output.strip().lines().count(), () -> "more than one line:\n" + output);
    assertNoStackTrace(output);
  }

  private static void assertOneLineNames(String output, List<String> named) {
    long complaints =
        output.lines().filter(line -> named.stream().allMatch(line::contains)).count();
    assertEquals(1, complaints, () -> "lines with " + named + " in\n" + output);
  }

  private static void assertNoStackTrace(String output) {
    assertFalse(output.contains("\tat "), () -> "a stack trace:\n" + output);
    assertFalse(output.contains("Exception"), () -> "an exception:\n" + output);
  }
}
