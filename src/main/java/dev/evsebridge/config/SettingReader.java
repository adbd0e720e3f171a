package dev.evsebridge.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Turns raw values into checked ones; what can't be used is refused with its key and source. */
final class SettingReader {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m|h)");
  private static final Duration LONGEST = Duration.ofHours(24);

  private final Map<String, SettingValue> values;

  SettingReader(Map<String, SettingValue> values) {
    this.values = values;
  }

  String text(Setting setting) {
    return value(setting).text();
  }

  Optional<String> optionalText(Setting setting) {
    return Optional.of(text(setting)).filter(text -> !text.isEmpty());
  }

  int number(Setting setting, int least, int most) throws ConfigurationException {
    String allowed = "it must be a whole number, %d to %d".formatted(least, most);
    try {
      int number = Integer.parseInt(text(setting));
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw refused(setting, allowed);
    }
    throw refused(setting, allowed);
  }

  Duration duration(Setting setting, Duration least) throws ConfigurationException {
    String allowed =
        "it must be a duration such as 500ms, 5s or 2m, %s to 24h".formatted(written(least));
    Matcher matcher = DURATION.matcher(text(setting));
    if (!matcher.matches()) {
      throw refused(setting, allowed);
    }
    long amount = Long.parseLong(matcher.group(1));
    Duration duration =
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          case "m" -> Duration.ofMinutes(amount);
          default -> Duration.ofHours(amount);
        };
    if (duration.compareTo(least) < 0 || duration.compareTo(LONGEST) > 0) {
      throw refused(setting, allowed);
    }
    return duration;
  }

  @Nullable Path readableFile(Setting setting) throws ConfigurationException {
    String text = text(setting);
    if (text.isEmpty()) {
      return null;
    }
    Path file = Path.of(text);
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw refused(setting, "it must be a file that can be read");
    }
    return file;
  }

  String content(Setting setting, Path file) throws ConfigurationException {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw refused(setting, "its file must be UTF-8 text that can be read");
    }
  }

  ConfigurationException refused(Setting setting, String allowed) {
    return refused(setting.key(), value(setting), allowed);
  }

  ConfigurationException refused(String key, SettingValue value, String allowed) {
    String shown =
        key.equals(Setting.MQTT_PASSWORD.key()) ? "(not shown)" : "'" + value.text() + "'";
    return new ConfigurationException(
        "%s = %s (from %s): %s"
            .formatted(key, shown.replaceAll("\\p{Cntrl}", "?"), value.source(), allowed));
  }

  private SettingValue value(Setting setting) {
    SettingValue value = values.get(setting.key());
    if (value == null) {
      throw new IllegalStateException("no default for " + setting);
    }
    return value;
  }

  private static String written(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }
}
