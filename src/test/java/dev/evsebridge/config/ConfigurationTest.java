package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.config.Configuration.Option;
import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
  private static final String SERIAL = "10BA23AB50534D53302E3120FF162332";

  private final Path folder;
  private final Map<String, String> environment = new TreeMap<>();
  private final Map<Setting, Option> options = new TreeMap<>();

  ConfigurationTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void everythingIsAtItsDefault() throws IOException {
    properties("");
  }

  @Test
  void hasADefaultForEverything() throws ConfigurationException {
    BridgeSettings settings = read();

    assertEquals("[::]", settings.bindAddress());
    assertEquals(9091, settings.bindPort());
    assertEquals(
        new SessionLimits(
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            Duration.ofSeconds(120),
            16,
            10_000,
            2_048),
        settings.limits());
    assertEquals(Set.of(), settings.allowedSerials());
    assertEquals(SERIAL, settings.names().clientId(new SerialNumber(SERIAL)));
    assertEquals(
        new MqttSettings(
            URI.create("tcp://localhost:1883"),
            "from_dehneEVSE",
            "to_dehneEVSE",
            "dehneevse_mqtt_bridge",
            1,
            Optional.empty(),
            Optional.empty(),
            Duration.ofSeconds(10),
            null,
            10_000,
            262_144),
        settings.mqtt());
    assertEquals(Duration.ofSeconds(30), settings.brokerLossGrace());
    assertEquals(Path.of("state"), settings.stateDir());
    assertEquals("INFO", settings.logLevel());
    assertEquals(Set.of(), settings.ignoredVariables());
  }

  @Test
  void readsEveryKey() throws IOException, ConfigurationException {
    Path password = file("password", "hidden\n");
    properties(
        """
        evse.bind_address = 127.0.0.1
        evse.bind_port = 1
        evse.handshake_timeout = 1s
        evse.idle_timeout = 2m
        evse.request_timeout = 500ms
        evse.firmware_timeout = 1h
        evse.request_queue = 0
        evse.max_connections = 1
        evse.max_frame_length = 44
        evse.allowed_serials = 10ba23ab50534d53302e3120ff162332, %s,
        evse_name.id_%s = Charger 1
        mqtt.broker = tcp://broker.example
        mqtt.topic_publish = a/b
        mqtt.topic_subscribe = a
        mqtt.client_id = me
        mqtt.qos = 2
        mqtt.username = user
        mqtt.password_file = %s
        mqtt.keep_alive = 1s
        mqtt.buffer = 1
        mqtt.max_payload = 1
        bridge.broker_loss_grace = 0s
        bridge.state_dir = /var/lib/bridge
        bridge.log_level = debug
        """
            .formatted("0F".repeat(16), SERIAL, password));

    BridgeSettings settings = read();

    assertEquals("127.0.0.1", settings.bindAddress());
    assertEquals(1, settings.bindPort());
    assertEquals(
        new SessionLimits(
            Duration.ofSeconds(1),
            Duration.ofMinutes(2),
            Duration.ofMillis(500),
            Duration.ofHours(1),
            0,
            1,
            44),
        settings.limits());
    assertEquals(
        Set.of(new SerialNumber(SERIAL), new SerialNumber("0F".repeat(16))),
        settings.allowedSerials());
    assertEquals("Charger 1", settings.names().clientId(new SerialNumber(SERIAL)));
    MqttSettings mqtt = settings.mqtt();
    assertEquals(URI.create("tcp://broker.example"), mqtt.broker());
    assertEquals("a/b", mqtt.publishTopic());
    assertEquals("a", mqtt.subscribeTopic());
    assertEquals("me", mqtt.clientId());
    assertEquals(2, mqtt.qos());
    assertEquals(Optional.of("user"), mqtt.username());
    assertArrayEquals("hidden".getBytes(StandardCharsets.UTF_8), password(settings));
    assertEquals(Duration.ofSeconds(1), mqtt.keepAlive());
    assertNull(mqtt.tls());
    assertEquals(1, mqtt.bufferMessages());
    assertEquals(1, mqtt.maxPayloadBytes());
    assertEquals(Duration.ZERO, settings.brokerLossGrace());
    assertEquals(Path.of("/var/lib/bridge"), settings.stateDir());
    assertEquals("DEBUG", settings.logLevel());
  }

  @ParameterizedTest
  @CsvSource({
    "[::], [::]",
    "::, [::]",
    "[::1], [::1]",
    "0.0.0.0, 0.0.0.0",
    "127.0.0.1, 127.0.0.1",
    "localhost, localhost",
  })
  void takesAddressesWithAndWithoutBrackets(String written, String address)
      throws ConfigurationException, IOException {
    properties("evse.bind_address = " + written);

    assertEquals(address, read().bindAddress());
    assertEquals(address, read().placeholders().get("evse.bind_address"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://h",
        "ssl://h:8883",
        "ws://h/mqtt",
        "wss://h:443/a?b=c",
        "tcp://[::1]:1",
      })
  void takesBrokersOfEveryKind(String broker) throws ConfigurationException, IOException {
    properties("mqtt.broker = " + broker);

    assertEquals(URI.create(broker), read().mqtt().broker());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          evse.bind_address       | ``                  | it must be an address of this machine
          evse.bind_address       | 1.2.3 4             | it must be an address of this machine
          evse.bind_port          | 0                   | it must be a whole number, 1 to 65535
          evse.bind_port          | 65536               | it must be a whole number, 1 to 65535
          evse.bind_port          | 90_91               | it must be a whole number, 1 to 65535
          evse.bind_port          | ``                  | it must be a whole number, 1 to 65535
          evse.handshake_timeout  | 0s                  | it must be a duration such as 500ms, 5s or 2m, 1ms to 24h
          evse.idle_timeout       | 60                  | it must be a duration such as 500ms, 5s or 2m, 1ms to 24h
          evse.request_timeout    | -5s                 | it must be a duration such as 500ms, 5s or 2m, 1ms to 24h
          evse.firmware_timeout   | 25h                 | it must be a duration such as 500ms, 5s or 2m, 1ms to 24h
          evse.firmware_timeout   | 99999999999999s     | it must be a duration such as 500ms, 5s or 2m, 1ms to 24h
          evse.request_queue      | -1                  | it must be a whole number, 0 to 10000
          evse.max_connections    | 0                   | it must be a whole number, 1 to 1000000
          evse.max_frame_length   | 43                  | it must be a whole number, 44 to 16777216
          evse.max_frame_length   | 16777217            | it must be a whole number, 44 to 16777216
          evse.allowed_serials    | 1234                | it must be serial numbers of 32 hex digits, with commas between them
          mqtt.broker             | tcp://              | it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path
          mqtt.broker             | tcp://h:0           | it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path
          mqtt.broker             | tcp://h:65536       | it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path
          mqtt.broker             | tcp://h/path        | it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path
          mqtt.broker             | tcp://a b           | it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path
          mqtt.topic_publish      | ``                  | it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'
          mqtt.topic_publish      | a/+                 | it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'
          mqtt.topic_subscribe    | a/#                 | it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'
          mqtt.topic_subscribe    | $SYS                | it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'
          mqtt.topic_subscribe    | from_dehneEVSE      | it must differ from mqtt.topic_publish
          mqtt.topic_subscribe    | from_dehneEVSE/error | the bridge itself publishes on that topic below mqtt.topic_publish
          mqtt.topic_subscribe    | from_dehneEVSE/x/state | the bridge itself publishes on that topic below mqtt.topic_publish
          bridge.state_topics     | maybe               | it must be false or true
          mqtt.topic_subscribe    | from_dehneEVSE/x/availability | the bridge itself publishes on that topic below mqtt.topic_publish
          mqtt.client_id          | ``                  | it must not be empty
          mqtt.qos                | 3                   | it must be a whole number, 0 to 2
          mqtt.qos                | one                 | it must be a whole number, 0 to 2
          mqtt.password_file      | /nowhere/password   | it must be a file that can be read
          mqtt.password_file      | /dev/zero           | it must be a file that can be read
          mqtt.keep_alive         | 24h                 | it must be a duration such as 500ms, 5s or 2m, 1s to 65535s
          mqtt.keep_alive         | 1500ms              | it must be whole seconds: MQTT carries no others
          mqtt.keep_alive         | 999ms               | it must be a duration such as 500ms, 5s or 2m, 1s to 65535s
          mqtt.tls.ca_file        | /nowhere/ca.pem     | it must be a file that can be read
          mqtt.buffer             | 0                   | it must be a whole number, 1 to 1000000
          mqtt.max_payload        | 0                   | it must be a whole number, 1 to 16777216
          bridge.broker_loss_grace | soon               | it must be a duration such as 500ms, 5s or 2m, 0s to 24h
          bridge.log_level        | LOUD                | it must be one of ERROR, WARN, INFO, DEBUG, TRACE
          """)
  void saysKeyValueSourceAndWhatIsAllowed(String key, String value, String allowed)
      throws IOException {
    properties(key + " = " + value);

    assertRefused("%s = '%s' (from %s): %s".formatted(key, value, propertiesFile(), allowed));
  }

  @Test
  void putsWhatIsWrongOnOneLine() throws IOException {
    properties("mqtt.qos = 1\\nforged\\u001b[0m");

    assertRefused(
        "mqtt.qos = '1?forged?[0m' (from %s): it must be a whole number, 0 to 2"
            .formatted(propertiesFile()));
  }

  @ParameterizedTest
  @CsvSource({
    "evse.port, evse.bind_port",
    "mqtt.url, mqtt.broker",
    "mqtt.Broker, mqtt.broker",
    "bridge.x, bridge.broker_loss_grace",
  })
  void refusesAnUnknownKeyAndNamesTheKnownOnes(String key, String known) throws IOException {
    properties(key + " = 1");

    ConfigurationException refusal = assertThrows(ConfigurationException.class, this::read);

    String message = String.valueOf(refusal.getMessage());
    assertTrue(
        message.startsWith(
            "%s (from %s): there is no such key; known are ".formatted(key, propertiesFile())));
    assertTrue(message.contains(known), message);
  }

  @Test
  void leavesOtherKeysOfThePropertiesToCamelAndItsRoutes()
      throws IOException, ConfigurationException {
    properties("camel.main.name = x\nmy.topic = y\nplain = z");

    assertEquals(9091, read().bindPort());
  }

  @Test
  void readsTheOriginalsFileAsItIs() throws IOException, ConfigurationException {
    file(
        "dehneevse_mqtt_bridge.toml",
        """
        [ evse ]
        bind_address = "[::]"
        bind_port = 9092

        [ evse_name ]
        id_%s = "Charger 1"

        [ mqtt ]
        broker = "tcp://192.0.2.1:1883"
        topic_publish = "p"
        topic_subscribe = "s"
        """
            .formatted(SERIAL));

    BridgeSettings settings = read();

    assertEquals(9092, settings.bindPort());
    assertEquals("Charger 1", settings.names().clientId(new SerialNumber(SERIAL)));
    assertEquals(URI.create("tcp://192.0.2.1:1883"), settings.mqtt().broker());
    assertEquals("p", settings.mqtt().publishTopic());
    assertEquals("s", settings.mqtt().subscribeTopic());
  }

  @Test
  void readsTheFileThatIsNamedInsteadOfTheDefaultOne() throws IOException, ConfigurationException {
    file("dehneevse_mqtt_bridge.toml", "evse.bind_port = 1");
    Path toml = file("other.toml", "[evse]\nmax_connections = 7\n");
    Path properties = file("other.properties", "evse.max_connections = 8");

    assertEquals(9091, read(toml).bindPort());
    assertEquals(7, read(toml).limits().maxConnections());
    assertEquals(8, read(properties).limits().maxConnections());
  }

  @Test
  void readsListsOfSerialNumbers() throws IOException, ConfigurationException {
    Path toml =
        file("a.toml", "[evse]\nallowed_serials = ['%s', '%s']".formatted(SERIAL, "0f".repeat(16)));

    assertEquals(2, read(toml).allowedSerials().size());
  }

  @Test
  void letsTheLaterSourceWin() throws IOException, ConfigurationException {
    assertEquals(9091, read().bindPort());
    properties("evse.bind_port = 1001");
    assertEquals(1001, read().bindPort());
    file("dehneevse_mqtt_bridge.toml", "evse.bind_port = 1002");
    assertEquals(1002, read().bindPort());
    environment.put("EVSE_BIND_PORT", "1003");
    assertEquals(1003, read().bindPort());
    options.put(Setting.EVSE_BIND_PORT, new Option("-p", "1004"));
    assertEquals(1004, read().bindPort());
  }

  @Test
  void namesTheSourceOfAWrongValue() throws IOException {
    Path toml = file("a.toml", "[mqtt]\nqos = 9");
    assertRefused(
        "mqtt.qos = '9' (from %s): it must be a whole number, 0 to 2".formatted(toml), toml);

    environment.put("MQTT_QOS", "8");
    assertRefused(
        "mqtt.qos = '8' (from environment variable MQTT_QOS): it must be a whole number, 0 to 2");

    options.put(Setting.EVSE_BIND_PORT, new Option("-p", "x"));
    assertRefused(
        "evse.bind_port = 'x' (from command line option -p): it must be a whole number, 1 to 65535");
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void namesEnvironmentVariablesAfterTheirKeys(Setting setting) {
    assertTrue(
        setting
            .environmentVariable()
            .matches(
                "(EVSE|MQTT|BRIDGE|FIRMWARE|HOMEASSISTANT|WEB|ALIVE|CONTROL|SENSORS)(_[A-Z0-9]+)+"));
    assertEquals(
        setting.key().replace('.', '_'),
        setting.environmentVariable().toLowerCase(java.util.Locale.ROOT));
  }

  @Test
  void takesNamesOfChargersFromTheEnvironment() throws ConfigurationException {
    environment.put("EVSE_NAME_ID_" + SERIAL, "Garage");

    assertEquals("Garage", read().names().clientId(new SerialNumber(SERIAL)));
  }

  @Test
  void doesNotCountAnEmptyVariable() throws ConfigurationException {
    environment.put("MQTT_QOS", "");
    environment.put("EVSE_WHATEVER", "");

    assertEquals(1, read().mqtt().qos());
    assertEquals(Set.of(), read().ignoredVariables());
  }

  @Test
  void ignoresVariablesOfOthersButSaysWhichLookLikeSettings() throws ConfigurationException {
    environment.put("MQTT_PORT_1883_TCP", "tcp://10.0.0.1:1883");
    environment.put("EVSE_GREETING", "1");
    environment.put("BRIDGE_X", "1");
    environment.put("PATH", "/bin");

    assertEquals(
        Set.of("MQTT_PORT_1883_TCP", "EVSE_GREETING", "BRIDGE_X"), read().ignoredVariables());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a/b            | a name may hold spaces and any letter, but no '/', '+', '#' or control character
          a+             | a name may hold spaces and any letter, but no '/', '+', '#' or control character
          a#             | a name may hold spaces and any letter, but no '/', '+', '#' or control character
          a\\u0000b      | a name may hold spaces and any letter, but no '/', '+', '#' or control character
          a\\u0085b      | a name may hold spaces and any letter, but no '/', '+', '#' or control character
          bridge         | a name may not be 'bridge' or 'error'
          error          | a name may not be 'bridge' or 'error'
          0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F | a name may not be the serial number of another charger
          """)
  void refusesNamesThatCannotStandInATopic(String name, String problem) throws IOException {
    properties("evse_name.id_" + SERIAL + " = " + name);

    ConfigurationException refusal = assertThrows(ConfigurationException.class, this::read);

    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.startsWith("evse_name.id_" + SERIAL + " = '"), message);
    assertTrue(message.endsWith(problem), message);
  }

  @Test
  void takesNamesWithSpacesAndAnyLetter() throws IOException, ConfigurationException {
    properties("evse_name.id_10ba23ab50534d53302e3120ff162332 = Garage – дом 車 1");

    assertEquals("Garage – дом 車 1", read().names().clientId(new SerialNumber(SERIAL)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"One", "a/b", "response"})
  void refusesANameOfABridgeThatCannotBeALevelOfItsTopics(String name) throws IOException {
    properties("bridge.name = " + name);

    assertRefused(
        "bridge.name = '%s' (from %s): it must be 1 to 32 of a-z, 0-9 and '-', and not 'response'"
            .formatted(name, propertiesFile()));
  }

  @Test
  void refusesAnEmptyName() throws IOException {
    properties("evse_name.id_" + SERIAL + " =");

    assertRefused(
        "evse_name.id_%s = '' (from %s): a name must not be empty"
            .formatted(SERIAL, propertiesFile()));
  }

  @Test
  void refusesANameForTwoChargers() throws IOException {
    properties("evse_name.id_%s = A\nevse_name.id_%s = A".formatted(SERIAL, "0F".repeat(16)));

    ConfigurationException refusal = assertThrows(ConfigurationException.class, this::read);

    assertTrue(
        String.valueOf(refusal.getMessage())
            .contains("a name stands for one charger only, and evse_name.id_"));
  }

  @Test
  void refusesANameForSomethingThatIsNoSerialNumber() throws IOException {
    properties("evse_name.id_1234 = A");
    assertRefused(
        "evse_name.id_1234 = 'A' (from %s): after id_ must stand the serial number, 32 hex digits"
            .formatted(propertiesFile()));

    properties("evse_name.garage = A");
    assertRefused(
        "evse_name.garage (from %s): a charger's name stands under evse_name.id_<SERIAL>, the serial number being 32 hex digits"
            .formatted(propertiesFile()));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`secret\n`, `secret`",
        "`secret\r\n`, `secret`",
        "`secret`, `secret`",
        "`secret\n\n`, `secret\n`",
        "` secret \n`, ` secret `",
        "`pässword\n`, `pässword`",
      })
  void takesThePasswordFileWithoutItsLineEnd(String content, String password)
      throws IOException, ConfigurationException {
    properties("mqtt.username = user\nmqtt.password_file = " + file("password", content));

    assertArrayEquals(password.getBytes(StandardCharsets.UTF_8), password(read()));
  }

  @Test
  void refusesTwoPasswords() throws IOException {
    Path password = file("password", "hidden");
    properties("mqtt.username = user\nmqtt.password = secret\nmqtt.password_file = " + password);

    assertRefused(
        "mqtt.password_file = '%s' (from %s): mqtt.password is set too, and only one of them can hold"
            .formatted(password, propertiesFile()));
  }

  @Test
  void keepsThePasswordVerbatimAndToItself() throws ConfigurationException {
    environment.put("MQTT_USERNAME", "user");
    environment.put("MQTT_PASSWORD", " hunter2 ");

    BridgeSettings settings = read();

    assertArrayEquals(" hunter2 ".getBytes(StandardCharsets.UTF_8), password(settings));
    assertFalse(settings.toString().contains("hunter2"));
    assertFalse(settings.placeholders().toString().contains("hunter2"));
    assertFalse(settings.placeholders().containsKey("mqtt.password"));
  }

  @Test
  void givesRoutesEveryOtherSettingAsAPlaceholder() throws ConfigurationException {
    Map<String, String> placeholders = read().placeholders();

    for (Setting setting : Setting.values()) {
      assertEquals(!setting.isSecret(), placeholders.containsKey(setting.key()), setting.key());
    }
  }

  @Test
  void saysWhichFileCannotBeRead() throws IOException {
    assertRefused("Can't read nowhere.toml: there is no such file", Path.of("nowhere.toml"));
    assertRefused(
        "Configuration file a.yaml: its name must end in .toml or .properties", Path.of("a.yaml"));
    Path latin = folder.resolve("latin.toml");
    Files.write(latin, "# ä".getBytes(StandardCharsets.ISO_8859_1));
    assertRefused("Can't read %s: it is not UTF-8".formatted(latin), latin);
  }

  @Test
  void saysInWhichLineTheTomlIsBroken() throws IOException {
    Path toml = file("a.toml", "[evse]\nbind_port = \n");

    ConfigurationException refusal = assertThrows(ConfigurationException.class, () -> read(toml));

    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.startsWith(toml + ", line 2: not valid TOML: "), message);
    assertFalse(message.contains("\n"), message);
  }

  private static byte[] password(BridgeSettings settings) {
    return settings.mqtt().password().orElseThrow().reveal();
  }

  private void assertRefused(String message) {
    assertRefused(message, null);
  }

  private void assertRefused(String message, @Nullable Path file) {
    ConfigurationException refusal = assertThrows(ConfigurationException.class, () -> read(file));
    assertEquals(message, refusal.getMessage());
  }

  private BridgeSettings read() throws ConfigurationException {
    return read(null);
  }

  private BridgeSettings read(@Nullable Path file) throws ConfigurationException {
    return Configuration.read(folder, file, environment, options);
  }

  private Path propertiesFile() {
    return folder.resolve("application.properties");
  }

  private void properties(String content) throws IOException {
    Files.writeString(propertiesFile(), content);
  }

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }
}
