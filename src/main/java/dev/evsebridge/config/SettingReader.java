package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Turns raw values into checked ones; what can't be used is refused with its key and source, even
 * where a later source gives another value.
 */
final class SettingReader {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m|h)");
  private static final Pattern DECIMAL = Pattern.compile("\\d{1,5}(\\.\\d{1,3})?");
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final Map<String, Deque<SettingValue>> values;
  private final @Nullable SerialNumber charger;

  SettingReader(Map<String, Deque<SettingValue>> values) {
    this(values, null);
  }

  private SettingReader(Map<String, Deque<SettingValue>> values, @Nullable SerialNumber charger) {
    this.values = values;
    this.charger = charger;
  }

  /** Sees the settings as they are for one charger: its own where it has some. */
  SettingReader of(SerialNumber serial) {
    return new SettingReader(values, serial);
  }

  /** The chargers for which something in this table is set that is not for all. */
  Set<SerialNumber> chargers(String table) {
    return values.keySet().stream()
        .flatMap(key -> KnownKeys.charger(table, key).stream())
        .collect(
            Collectors.toCollection(() -> new TreeSet<>(Comparator.comparing(SerialNumber::hex))));
  }

  String text(Setting setting) {
    return value(setting).text();
  }

  Optional<String> optionalText(Setting setting) {
    return Optional.of(text(setting)).filter(text -> !text.isEmpty());
  }

  /** Whether something else than the built-in default holds. */
  boolean isSet(Setting setting) {
    return all(setting).size() > 1 || !key(setting).equals(setting.key());
  }

  /** The key under which the value stands: that of one charger, or that for all. */
  String key(Setting setting) {
    if (charger != null && setting.isPerCharger()) {
      String own = KnownKeys.ofCharger(setting, charger);
      if (values.containsKey(own)) {
        return own;
      }
    }
    return setting.key();
  }

  /**
   * Reads a value of any kind.
   *
   * @param allowed what is allowed, for whoever wrote something else
   * @param parser returns null for what is not allowed
   */
  <T> T parsed(Setting setting, String allowed, Function<String, @Nullable T> parser)
      throws ConfigurationException {
    String key = key(setting);
    T first = null;
    for (SettingValue value : all(setting)) {
      T parsed = parser.apply(value.text());
      if (parsed == null) {
        throw refused(key, value, allowed);
      }
      first = first == null ? parsed : first;
    }
    if (first == null) {
      throw new IllegalStateException("no default for " + setting);
    }
    return first;
  }

  /** Reads as {@link #parsed} does; empty where nothing is set. */
  <T> Optional<T> parsedIfSet(Setting setting, String allowed, Function<String, @Nullable T> parser)
      throws ConfigurationException {
    return parsed(
        setting,
        allowed,
        text -> {
          if (text.isEmpty()) {
            return Optional.empty();
          }
          T parsed = parser.apply(text);
          return parsed == null ? null : Optional.of(parsed);
        });
  }

  int number(Setting setting, int least, int most) throws ConfigurationException {
    return parsed(
        setting,
        "it must be a whole number, %d to %d".formatted(least, most),
        text -> {
          try {
            int number = Integer.parseInt(text);
            return number >= least && number <= most ? number : null;
          } catch (NumberFormatException e) {
            return null;
          }
        });
  }

  boolean flag(Setting setting) throws ConfigurationException {
    return choice(setting, "false", "true").equals("true");
  }

  /** One of the words, in lower case. */
  String choice(Setting setting, String... words) throws ConfigurationException {
    return parsed(
        setting,
        "it must be " + String.join(" or ", words),
        text -> Arrays.stream(words).filter(text::equals).findFirst().orElse(null));
  }

  Duration duration(Setting setting, Duration least) throws ConfigurationException {
    return duration(setting, least, LONGEST);
  }

  Duration duration(Setting setting, Duration least, Duration most) throws ConfigurationException {
    return parsed(
        setting,
        "it must be a duration such as 500ms, 5s or 2m, %s to %s"
            .formatted(written(least), written(most)),
        text -> {
          Duration duration = duration(text);
          return duration == null || duration.compareTo(least) < 0 || duration.compareTo(most) > 0
              ? null
              : duration;
        });
  }

  /** What is written, or null where it is no duration. */
  static @Nullable Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  double decimal(Setting setting, double least, double most) throws ConfigurationException {
    return parsed(
        setting,
        "it must be a number, %s to %s".formatted(written(least), written(most)),
        text -> decimal(text, least, most));
  }

  /** Empty where nothing is set. */
  OptionalDouble optionalDecimal(Setting setting, double least, double most)
      throws ConfigurationException {
    return parsedIfSet(
            setting,
            "it must be a number, %s to %s".formatted(written(least), written(most)),
            text -> decimal(text, least, most))
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }

  private static @Nullable Double decimal(String text, double least, double most) {
    Double number = decimal(text);
    return number == null || number < least || number > most ? null : number;
  }

  private static String written(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  /** What is written, or null where it is no number such as 16 or 6.5. */
  static @Nullable Double decimal(String text) {
    return DECIMAL.matcher(text).matches() ? Double.valueOf(text) : null;
  }

  @Nullable Path readableFile(Setting setting) throws ConfigurationException {
    String text = text(setting);
    if (text.isEmpty()) {
      return null;
    }
    try {
      Path file = Path.of(text);
      if (Files.isReadable(file) && Files.isRegularFile(file)) {
        return file;
      }
    } catch (InvalidPathException e) {
      throw refused(setting, "it must be a file that can be read");
    }
    throw refused(setting, "it must be a file that can be read");
  }

  String content(Setting setting, Path file) throws ConfigurationException {
    try {
      return TextFile.content(file);
    } catch (IOException e) {
      throw refused(setting, "its file must be UTF-8 text that can be read" + TextFile.why(e));
    }
  }

  ConfigurationException refused(Setting setting, String allowed) {
    return refused(key(setting), value(setting), allowed);
  }

  static ConfigurationException refused(String key, SettingValue value, String allowed) {
    boolean secret = KnownKeys.setting(key).filter(Setting::isSecret).isPresent();
    String shown = secret ? "(not shown)" : "'" + value.text() + "'";
    return new ConfigurationException(
        "%s = %s (from %s): %s"
            .formatted(key, shown.replaceAll("\\p{Cntrl}", "?"), value.source(), allowed));
  }

  private SettingValue value(Setting setting) {
    return all(setting).getFirst();
  }

  /** What the sources say, the one that counts first. */
  Deque<SettingValue> all(Setting setting) {
    Deque<SettingValue> all = values.get(key(setting));
    if (all == null) {
      throw new IllegalStateException("no default for " + setting);
    }
    return all;
  }

  static String written(Duration duration) {
    long millis = duration.toMillis();
    if (millis > 0 && millis % HOUR.toMillis() == 0) {
      return duration.toHours() + "h";
    }
    if (millis > 0 && millis % MINUTE.toMillis() == 0) {
      return duration.toMinutes() + "m";
    }
    return millis % SECOND.toMillis() == 0 ? duration.toSeconds() + "s" : millis + "ms";
  }
}
