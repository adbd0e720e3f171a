package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the settings from all their sources. */
public final class Configuration {

  /** Read if it is there, as by the original bridge. */
  public static final Path DEFAULT_FILE = Path.of("dehneevse_mqtt_bridge.toml");

  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final Duration SHORTEST_KEEP_ALIVE = Duration.ofSeconds(1);
  private static final List<String> LOG_LEVELS = List.of("ERROR", "WARN", "INFO", "DEBUG", "TRACE");
  private static final int EMPTY_READING_BYTES = 44;
  private static final int LONGEST_FRAME_BYTES = 16 * 1024 * 1024;
  private static final int LONGEST_PAYLOAD_BYTES = 16 * 1024 * 1024;

  private Configuration() {}

  /**
   * Reads and checks everything.
   *
   * @param folder where application.properties and the default file are looked for
   * @param file the file named on the command line, or null
   * @param environment the process's environment
   * @param options values from the command line with the option's name
   * @throws ConfigurationException with one line for the operator
   */
  public static BridgeSettings read(
      Path folder,
      @Nullable Path file,
      Map<String, String> environment,
      Map<Setting, Option> options)
      throws ConfigurationException {
    SettingSources sources = new SettingSources();
    sources.addFile(folder.resolve("application.properties").normalize());
    if (file != null) {
      sources.addFile(file);
    } else if (Files.exists(folder.resolve(DEFAULT_FILE))) {
      sources.addFile(folder.resolve(DEFAULT_FILE).normalize());
    }
    sources.addEnvironment(environment);
    for (Map.Entry<Setting, Option> option : options.entrySet()) {
      sources.addOption(option.getKey(), option.getValue().value(), option.getValue().name());
    }
    return check(sources);
  }

  /**
   * A value from the command line.
   *
   * @param name the option as it was typed
   * @param value its value
   */
  public record Option(String name, String value) {}

  private static BridgeSettings check(SettingSources sources) throws ConfigurationException {
    SettingReader reader = new SettingReader(sources.values());
    SessionLimits limits =
        new SessionLimits(
            reader.duration(Setting.EVSE_HANDSHAKE_TIMEOUT, SHORTEST),
            reader.duration(Setting.EVSE_IDLE_TIMEOUT, SHORTEST),
            reader.duration(Setting.EVSE_REQUEST_TIMEOUT, SHORTEST),
            reader.duration(Setting.EVSE_FIRMWARE_TIMEOUT, SHORTEST),
            reader.number(Setting.EVSE_REQUEST_QUEUE, 0, 10_000),
            reader.number(Setting.EVSE_MAX_CONNECTIONS, 1, 1_000_000),
            reader.number(Setting.EVSE_MAX_FRAME_LENGTH, EMPTY_READING_BYTES, LONGEST_FRAME_BYTES));
    String bindAddress = bindAddress(reader);
    BridgeSettings settings =
        new BridgeSettings(
            bindAddress,
            reader.number(Setting.EVSE_BIND_PORT, 1, 65_535),
            limits,
            allowedSerials(reader),
            ChargerNames.read(sources.values(), reader),
            mqtt(reader),
            reader.duration(Setting.BRIDGE_BROKER_LOSS_GRACE, Duration.ZERO),
            Path.of(reader.text(Setting.BRIDGE_STATE_DIR)),
            logLevel(reader),
            placeholders(reader, bindAddress),
            Set.copyOf(sources.ignoredVariables()));
    return settings;
  }

  private static String logLevel(SettingReader reader) throws ConfigurationException {
    String level = reader.text(Setting.BRIDGE_LOG_LEVEL).toUpperCase(Locale.ROOT);
    if (!LOG_LEVELS.contains(level)) {
      throw reader.refused(
          Setting.BRIDGE_LOG_LEVEL, "it must be one of " + String.join(", ", LOG_LEVELS));
    }
    return level;
  }

  private static String bindAddress(SettingReader reader) throws ConfigurationException {
    String text = reader.text(Setting.EVSE_BIND_ADDRESS);
    String address =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    try {
      if (!address.isEmpty() && address.equals(address.strip())) {
        InetAddress.getByName(address);
        return address.contains(":") ? "[" + address + "]" : address;
      }
    } catch (UnknownHostException e) {
      throw reader.refused(Setting.EVSE_BIND_ADDRESS, "it must be an address of this machine");
    }
    throw reader.refused(Setting.EVSE_BIND_ADDRESS, "it must be an address of this machine");
  }

  private static Set<SerialNumber> allowedSerials(SettingReader reader)
      throws ConfigurationException {
    Set<SerialNumber> serials = new LinkedHashSet<>();
    for (String item : reader.text(Setting.EVSE_ALLOWED_SERIALS).split(",", -1)) {
      if (item.isBlank()) {
        continue;
      }
      try {
        serials.add(SerialNumber.parse(item.strip()));
      } catch (IllegalArgumentException e) {
        throw reader.refused(
            Setting.EVSE_ALLOWED_SERIALS,
            "it must be serial numbers of 32 hex digits, with commas between them");
      }
    }
    return Set.copyOf(serials);
  }

  private static MqttSettings mqtt(SettingReader reader) throws ConfigurationException {
    URI broker = broker(reader);
    String publishTopic = topic(reader, Setting.MQTT_TOPIC_PUBLISH);
    String subscribeTopic = topic(reader, Setting.MQTT_TOPIC_SUBSCRIBE);
    if (subscribeTopic.equals(publishTopic)) {
      throw reader.refused(Setting.MQTT_TOPIC_SUBSCRIBE, "it must differ from mqtt.topic_publish");
    }
    if (isPublishedBelow(publishTopic, subscribeTopic)) {
      throw reader.refused(
          Setting.MQTT_TOPIC_SUBSCRIBE,
          "the bridge itself publishes on that topic below mqtt.topic_publish");
    }
    String clientId = reader.text(Setting.MQTT_CLIENT_ID);
    if (clientId.isEmpty()) {
      throw reader.refused(Setting.MQTT_CLIENT_ID, "it must not be empty");
    }
    return new MqttSettings(
        broker,
        publishTopic,
        subscribeTopic,
        clientId,
        reader.number(Setting.MQTT_QOS, 0, 2),
        reader.optionalText(Setting.MQTT_USERNAME),
        password(reader),
        reader.duration(Setting.MQTT_KEEP_ALIVE, SHORTEST_KEEP_ALIVE),
        TlsMaterial.read(broker, reader),
        reader.number(Setting.MQTT_BUFFER, 1, 1_000_000),
        reader.number(Setting.MQTT_MAX_PAYLOAD, 1, LONGEST_PAYLOAD_BYTES));
  }

  private static URI broker(SettingReader reader) throws ConfigurationException {
    String allowed =
        "it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path";
    try {
      URI uri = new URI(reader.text(Setting.MQTT_BROKER));
      boolean webSocket = "ws".equals(uri.getScheme()) || "wss".equals(uri.getScheme());
      boolean plain = "tcp".equals(uri.getScheme()) || "ssl".equals(uri.getScheme());
      boolean noPath =
          uri.getPath() == null || uri.getPath().isEmpty() || uri.getPath().equals("/");
      if (uri.getUserInfo() == null
          && uri.getHost() != null
          && uri.getPort() != 0
          && uri.getPort() <= 65_535
          && uri.getFragment() == null
          && (webSocket || (plain && noPath && uri.getQuery() == null))) {
        return uri;
      }
    } catch (URISyntaxException e) {
      throw reader.refused(Setting.MQTT_BROKER, allowed);
    }
    throw reader.refused(Setting.MQTT_BROKER, allowed);
  }

  private static String topic(SettingReader reader, Setting setting) throws ConfigurationException {
    String topic = reader.text(setting);
    boolean badCharacter =
        topic.chars().anyMatch(c -> c == '+' || c == '#' || Character.isISOControl(c));
    if (topic.isEmpty() || topic.startsWith("$") || badCharacter || topic.length() > 1_000) {
      throw reader.refused(
          setting, "it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'");
    }
    return topic;
  }

  private static boolean isPublishedBelow(String publishTopic, String topic) {
    String below = publishTopic + "/";
    if (!topic.startsWith(below)) {
      return false;
    }
    String rest = topic.substring(below.length());
    return rest.equals("error") || rest.matches("[^/]*/availability");
  }

  private static Optional<Secret> password(SettingReader reader) throws ConfigurationException {
    Optional<String> password = reader.optionalText(Setting.MQTT_PASSWORD);
    Path file = reader.readableFile(Setting.MQTT_PASSWORD_FILE);
    if (file == null) {
      return password.map(Secret::new);
    }
    if (password.isPresent()) {
      throw reader.refused(
          Setting.MQTT_PASSWORD_FILE, "mqtt.password is set too, and only one of them can hold");
    }
    String content = reader.content(Setting.MQTT_PASSWORD_FILE, file);
    return Optional.of(new Secret(content.replaceFirst("\\r?\\n\\z", "")));
  }

  private static Map<String, String> placeholders(SettingReader reader, String bindAddress) {
    Map<String, String> placeholders = new HashMap<>();
    for (Setting setting : Setting.values()) {
      if (setting != Setting.MQTT_PASSWORD) {
        placeholders.put(setting.key(), reader.text(setting));
      }
    }
    placeholders.put(Setting.EVSE_BIND_ADDRESS.key(), bindAddress);
    return placeholders;
  }
}
