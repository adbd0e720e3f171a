package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Which keys and variables there are, and which one a misspelt one was meant to be. */
final class KnownKeys {

  static final String NAME_TABLE = "evse_name";
  static final String NAME_PREFIX = NAME_TABLE + ".id_";

  private static final int MOST_TYPOS = 2;

  /** Short names have many neighbours that are no typos. */
  private static final int LETTERS_PER_TYPO = 3;

  private static final Set<String> TABLES =
      Arrays.stream(Setting.values())
          .map(Setting::table)
          .collect(Collectors.toCollection(() -> new TreeSet<>(Set.of(NAME_TABLE))));

  private static final Set<String> PER_CHARGER_TABLES =
      Arrays.stream(Setting.values())
          .filter(Setting::isPerCharger)
          .map(Setting::table)
          .collect(Collectors.toCollection(TreeSet::new));

  private static final Map<String, Setting> VARIABLES =
      Arrays.stream(Setting.values())
          .collect(Collectors.toMap(Setting::environmentVariable, Function.identity()));

  private static final Pattern OF_ONE_CHARGER = Pattern.compile("([a-z_]+)\\.id_([^.]*)\\.(.+)");

  private static final Pattern VARIABLE_OF_ONE_CHARGER =
      Pattern.compile("([A-Z]+)_ID_([^_]*)_(.+)");

  private KnownKeys() {}

  static Set<String> tables() {
    return TABLES;
  }

  static boolean isInTable(String key) {
    int dot = key.indexOf('.');
    return dot > 0 && TABLES.contains(key.substring(0, dot));
  }

  /** The key as it is looked up: serial numbers in upper case. Empty when there is no such key. */
  static Optional<String> canonical(String key) {
    if (Setting.ofKey(key).isPresent()) {
      return Optional.of(key);
    }
    if (key.startsWith(NAME_PREFIX)) {
      return Optional.of(
          NAME_PREFIX + key.substring(NAME_PREFIX.length()).toUpperCase(Locale.ROOT));
    }
    Matcher matcher = OF_ONE_CHARGER.matcher(key);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Setting.ofKey(matcher.group(1) + "." + matcher.group(3))
        .filter(Setting::isPerCharger)
        .flatMap(setting -> serial(matcher).map(serial -> ofCharger(setting, serial)));
  }

  private static Optional<SerialNumber> serial(Matcher ofOneCharger) {
    String digits = ofOneCharger.group(2).toUpperCase(Locale.ROOT);
    return SerialNumber.isSerialNumber(digits)
        ? Optional.of(new SerialNumber(digits))
        : Optional.empty();
  }

  /** Whether the key is for one charger alone, but does not say for which. */
  static boolean lacksSerialNumber(String key) {
    Matcher matcher = OF_ONE_CHARGER.matcher(key);
    return matcher.matches()
        && PER_CHARGER_TABLES.contains(matcher.group(1))
        && serial(matcher).isEmpty();
  }

  /** The setting of a canonical key, without the charger that it is for. */
  static Optional<Setting> setting(String canonicalKey) {
    Matcher matcher = OF_ONE_CHARGER.matcher(canonicalKey);
    return Setting.ofKey(
        matcher.matches() ? matcher.group(1) + "." + matcher.group(3) : canonicalKey);
  }

  /** The key that sets this for one charger alone. */
  static String ofCharger(Setting setting, SerialNumber serial) {
    return "%s.id_%s.%s".formatted(setting.table(), serial.hex(), setting.nameInTable());
  }

  /** The charger that a canonical key of this table is for, if it is for one alone. */
  static Optional<SerialNumber> charger(String table, String canonicalKey) {
    Matcher matcher = OF_ONE_CHARGER.matcher(canonicalKey);
    return matcher.matches() && matcher.group(1).equals(table) ? serial(matcher) : Optional.empty();
  }

  /** The key that an environment variable sets; it need not exist. Empty for those of others. */
  static Optional<String> ofVariable(String name) {
    Setting setting = VARIABLES.get(name);
    if (setting != null) {
      return Optional.of(setting.key());
    }
    if (name.startsWith("EVSE_NAME_ID_")) {
      return Optional.of(NAME_PREFIX + name.substring("EVSE_NAME_ID_".length()));
    }
    Matcher matcher = VARIABLE_OF_ONE_CHARGER.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String table = matcher.group(1).toLowerCase(Locale.ROOT);
    if (!PER_CHARGER_TABLES.contains(table)) {
      return Optional.empty();
    }
    String serial = matcher.group(2);
    String nameInTable = matcher.group(3).toLowerCase(Locale.ROOT);
    return Optional.of("%s.id_%s.%s".formatted(table, serial, nameInTable));
  }

  /** The key that is spelt so much like this one that it must have been meant. */
  static Optional<String> meantKey(String wrong) {
    String normal = normal(wrong);
    Matcher matcher = OF_ONE_CHARGER.matcher(normal);
    if (matcher.matches()) {
      return meantKey(matcher.group(1) + "." + matcher.group(3))
          .flatMap(Setting::ofKey)
          .filter(Setting::isPerCharger)
          .flatMap(setting -> serial(matcher).map(serial -> ofCharger(setting, serial)));
    }
    return nearest(
        normal,
        Arrays.stream(Setting.values()).map(Setting::key).toList(),
        known -> known.length() - known.indexOf('.') - 1);
  }

  /** The variable that is spelt so much like this one that it must have been meant. */
  static Optional<String> meantVariable(String wrong) {
    return nearest(
        wrong, VARIABLES.keySet().stream().sorted().toList(), known -> known.length() - 5);
  }

  private static String normal(String key) {
    return key.toLowerCase(Locale.ROOT).replace('-', '_');
  }

  private static Optional<String> nearest(
      String wrong, List<String> all, Function<String, Integer> significantLength) {
    return all.stream()
        // Words of other lengths differ by more; to compare all of an environment takes 0.1 s.
        .filter(known -> Math.abs(known.length() - wrong.length()) <= MOST_TYPOS)
        .filter(
            known ->
                Spelling.distance(wrong, known)
                    <= Math.min(
                        MOST_TYPOS, Math.max(1, significantLength.apply(known) / LETTERS_PER_TYPO)))
        .min(Comparator.comparingInt(known -> Spelling.distance(wrong, known)));
  }

  /** The known keys that begin with the same table. */
  static String knownInTable(String table) {
    return Arrays.stream(Setting.values())
        .filter(setting -> setting.table().equals(table))
        .map(Setting::key)
        .collect(Collectors.joining(", "));
  }
}
