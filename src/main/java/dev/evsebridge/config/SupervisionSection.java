package dev.evsebridge.config;

import dev.evsebridge.config.SupervisionKeys.WhenControlDies;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Reads what is set under {@code alive.}, and under {@code evse.} about raw requests. */
final class SupervisionSection {

  private SupervisionSection() {}

  static SupervisionKeys read(SettingReader reader) throws ConfigurationException {
    SupervisionKeys keys =
        new SupervisionKeys(
            reader.choice(Setting.EVSE_INTERLOCK, "off", "on").equals("on"),
            zeroOr(reader, Setting.EVSE_POLL, Duration.ofSeconds(2), Duration.ofSeconds(8)),
            WhenControlDies.valueOf(
                reader
                    .choice(Setting.EVSE_WHEN_CONTROL_DIES, "disconnect", "open")
                    .toUpperCase(Locale.ROOT)),
            aliveTopic(reader),
            reader.parsed(
                Setting.ALIVE_PAYLOAD,
                "it must not be empty",
                text -> text.isEmpty() ? null : text),
            zeroOr(reader, Setting.ALIVE_TIMEOUT, Duration.ofSeconds(10), Duration.ofHours(1)));
    if (!keys.poll().isZero() && keys.aliveTopic().isEmpty() && keys.aliveTimeout().isZero()) {
      throw reader.refused(
          Setting.EVSE_POLL,
          "alive.topic or alive.timeout must be set as well: a bridge that polls for nobody would keep a contactor closed for ever");
    }
    return keys;
  }

  private static Optional<String> aliveTopic(SettingReader reader) throws ConfigurationException {
    String topic =
        reader.parsed(
            Setting.ALIVE_TOPIC,
            MqttText.TOPIC_ALLOWED,
            text -> text.isEmpty() || MqttText.isTopic(text) ? text : null);
    return Optional.of(topic).filter(text -> !text.isEmpty());
  }

  private static Duration zeroOr(
      SettingReader reader, Setting setting, Duration least, Duration most)
      throws ConfigurationException {
    return reader.parsed(
        setting,
        "it must be 0s, or a duration from %s to %s"
            .formatted(SettingReader.written(least), SettingReader.written(most)),
        text -> {
          Duration duration = SettingReader.duration(text);
          return duration == null
                  || (!duration.isZero()
                      && (duration.compareTo(least) < 0 || duration.compareTo(most) > 0))
              ? null
              : duration;
        });
  }
}
