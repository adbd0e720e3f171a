package dev.evsebridge.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads what is set under {@code mqtt.} */
final class MqttSection {

  private static final int LONGEST_PAYLOAD_BYTES = 16 * 1024 * 1024;

  /** MQTT 5, section 3.1.2.10: whole seconds in two bytes. */
  private static final Duration LONGEST_KEEP_ALIVE = Duration.ofSeconds(65_535);

  private MqttSection() {}

  static MqttSettings read(SettingReader reader) throws ConfigurationException {
    URI broker = BrokerAddress.read(reader);
    String publishTopic = RouteTopic.read(Setting.MQTT_TOPIC_PUBLISH, reader);
    String subscribeTopic = RouteTopic.read(Setting.MQTT_TOPIC_SUBSCRIBE, reader);
    if (subscribeTopic.equals(publishTopic)) {
      throw reader.refused(Setting.MQTT_TOPIC_SUBSCRIBE, "it must differ from mqtt.topic_publish");
    }
    if (isPublishedBelow(publishTopic, subscribeTopic)) {
      throw reader.refused(
          Setting.MQTT_TOPIC_SUBSCRIBE,
          "the bridge itself publishes on that topic below mqtt.topic_publish");
    }
    return new MqttSettings(
        broker,
        publishTopic,
        subscribeTopic,
        clientId(reader),
        reader.number(Setting.MQTT_QOS, 0, 2),
        username(reader),
        password(reader),
        keepAlive(reader),
        TlsMaterial.read(broker, reader),
        reader.number(Setting.MQTT_BUFFER, 1, 1_000_000),
        reader.number(Setting.MQTT_MAX_PAYLOAD, 1, LONGEST_PAYLOAD_BYTES));
  }

  private static boolean isPublishedBelow(String publishTopic, String topic) {
    String below = publishTopic + "/";
    if (!topic.startsWith(below)) {
      return false;
    }
    String rest = topic.substring(below.length());
    return rest.equals("error")
        || rest.startsWith("bridge/")
        || rest.matches("[^/]*/(?:availability|state|session|log|firmware|interlock)");
  }

  private static String clientId(SettingReader reader) throws ConfigurationException {
    reader.parsed(
        Setting.MQTT_CLIENT_ID, "it must not be empty", text -> text.isEmpty() ? null : text);
    String clientId =
        reader.parsed(
            Setting.MQTT_CLIENT_ID,
            "it must hold no control characters and be at most 65535 bytes long",
            MqttSection::carried);
    String bridge = reader.text(Setting.BRIDGE_NAME);
    return bridge.isEmpty() || reader.isSet(Setting.MQTT_CLIENT_ID)
        ? clientId
        : clientId + "-" + bridge;
  }

  private static Optional<String> username(SettingReader reader) throws ConfigurationException {
    String username =
        reader.parsed(
            Setting.MQTT_USERNAME,
            "it must hold no control characters and be at most 65535 bytes long",
            MqttSection::carried);
    return Optional.of(username).filter(text -> !text.isEmpty());
  }

  private static @Nullable String carried(String text) {
    return MqttText.holdsOnlyCharacters(text) && MqttText.isShortEnough(text) ? text : null;
  }

  private static Duration keepAlive(SettingReader reader) throws ConfigurationException {
    Duration keepAlive =
        reader.duration(Setting.MQTT_KEEP_ALIVE, Duration.ofSeconds(1), LONGEST_KEEP_ALIVE);
    if (keepAlive.toMillisPart() != 0) {
      throw reader.refused(
          Setting.MQTT_KEEP_ALIVE, "it must be whole seconds: MQTT carries no others");
    }
    return keepAlive;
  }

  private static Optional<Secret> password(SettingReader reader) throws ConfigurationException {
    Optional<String> password = reader.optionalText(Setting.MQTT_PASSWORD);
    Path file = reader.readableFile(Setting.MQTT_PASSWORD_FILE);
    if (password.isEmpty() && file == null) {
      return Optional.empty();
    }
    Setting given = file == null ? Setting.MQTT_PASSWORD : Setting.MQTT_PASSWORD_FILE;
    if (file != null && password.isPresent()) {
      throw reader.refused(given, "mqtt.password is set too, and only one of them can hold");
    }
    if (reader.text(Setting.MQTT_USERNAME).isEmpty()) {
      // MQTT 5 could carry it alone, but brokers then let the bridge in as nobody, or not at all.
      throw reader.refused(
          given,
          "mqtt.username must be set as well: brokers look at a password only together with a user name");
    }
    if (file == null) {
      return password.map(Secret::new);
    }
    String unused = reader.content(given, file);
    return Optional.of(Secret.inFile(given, file));
  }
}
