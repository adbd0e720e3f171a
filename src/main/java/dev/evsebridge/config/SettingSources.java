package dev.evsebridge.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Collects raw values from all sources; a later source wins: built-in default,
 * application.properties, the configuration file, environment, command line. What lost is kept: it
 * is checked as well.
 */
final class SettingSources {

  /** What cannot be decoded becomes this when it is read. */
  private static final char REPLACEMENT_CHARACTER = '\uFFFD';

  /** Keys that begin like this are never taken for misspelt settings. */
  private static final Set<String> FREE_TABLES = Set.of("my", "camel");

  /** What Docker links and Kubernetes set for services that are named mqtt, evse or bridge. */
  private static final Pattern SERVICE_VARIABLE =
      Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_(TCP|UDP)(_.*)?|ENV_.*)");

  private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp)://.*");

  /** Variables that begin like this and are no settings are worth a line in the log. */
  private static final Pattern LIKE_A_SETTING =
      Pattern.compile("(EVSE|MQTT|BRIDGE|CONTROL|SENSORS|ALIVE)_.*");

  /** Drop-in: the names with the prefix of the original bridge. */
  private static final Pattern ORIGINAL_PREFIX = Pattern.compile("DEHNEEVSE_+");

  private final Map<String, Deque<SettingValue>> values = new TreeMap<>();
  private final Map<String, String> ownKeys = new TreeMap<>();
  private final Set<String> ignoredVariables = new TreeSet<>();
  private final Predicate<String> usedByRoutes;

  /**
   * Starts with the defaults.
   *
   * @param usedByRoutes whether a route refers to a key
   */
  SettingSources(Predicate<String> usedByRoutes) {
    this.usedByRoutes = usedByRoutes;
    for (Setting setting : Setting.values()) {
      add(setting.key(), new SettingValue(setting.defaultValue(), "the default"));
    }
  }

  /** For each key its values, the one that counts first. */
  Map<String, Deque<SettingValue>> values() {
    return values;
  }

  /** The keys of .properties files that belong neither to the bridge nor to Camel. */
  Map<String, String> ownKeys() {
    return ownKeys;
  }

  Set<String> ignoredVariables() {
    return ignoredVariables;
  }

  void addFile(Path file) throws ConfigurationException {
    String name = String.valueOf(file.getFileName());
    if (name.endsWith(".toml")) {
      for (Map.Entry<String, String> entry : TomlFile.read(file).entrySet()) {
        putToml(entry.getKey(), entry.getValue(), file.toString());
      }
    } else if (name.endsWith(".properties")) {
      for (Map.Entry<String, String> entry : PropertiesFile.read(file).entrySet()) {
        putProperty(entry.getKey(), entry.getValue(), file.toString());
      }
    } else {
      throw new ConfigurationException(
          "Configuration file %s: its name must end in .toml or .properties".formatted(file));
    }
  }

  private void putToml(String key, String text, String source) throws ConfigurationException {
    if (!KnownKeys.isInTable(key)) {
      throw unknownKey(key, source);
    }
    if (!key.endsWith(".")) {
      put(key, text, source);
    }
  }

  /**
   * Keys of other tables belong to Camel or to the user's own routes, unless they look like a slip
   * of the pen.
   */
  private void putProperty(String key, String text, String source) throws ConfigurationException {
    if (KnownKeys.isInTable(key)) {
      put(key, text, source);
      return;
    }
    boolean free = FREE_TABLES.contains(key.substring(0, Math.max(0, key.indexOf('.'))));
    Optional<String> meant = free ? Optional.empty() : KnownKeys.meantKey(key);
    if (meant.isPresent() && !usedByRoutes.test(key)) {
      throw new ConfigurationException(
          "%s (from %s): there is no such key; did you mean %s? A key of your own that no route refers to must begin with my."
              .formatted(key, source, meant.get()));
    }
    if (!key.startsWith("camel.")) {
      ownKeys.put(key, text);
    }
  }

  void addEnvironment(Map<String, String> environment) throws ConfigurationException {
    Map<String, String> variables = new TreeMap<>(environment);
    // Containers pass on variables that nobody has set as empty ones.
    variables.values().removeIf(String::isEmpty);
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      String original = variable.getKey();
      if (ORIGINAL_PREFIX.matcher(original).lookingAt()) {
        putOriginal(original, variable.getValue());
      }
    }
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      String name = variable.getKey();
      Optional<String> key = KnownKeys.ofVariable(name);
      if (key.isPresent()) {
        put(key.get(), variable.getValue(), "environment variable " + name);
      } else if (!isOfAService(name, variable.getValue())) {
        refuseMisspelt(name);
      }
      if (key.isEmpty() && LIKE_A_SETTING.matcher(name).matches()) {
        ignoredVariables.add(name);
      }
    }
  }

  private void putOriginal(String name, String text) throws ConfigurationException {
    String own = ORIGINAL_PREFIX.matcher(name).replaceFirst("").replace("__", "_");
    Optional<String> key = KnownKeys.ofVariable(own);
    if (key.isEmpty()) {
      throw new ConfigurationException(
          "Environment variable %s: there is no setting of this name; the variables are named like the keys, such as MQTT_BROKER for mqtt.broker%s"
              .formatted(
                  name,
                  KnownKeys.meantVariable(own).map(" (did you mean %s?)"::formatted).orElse("")));
    }
    put(key.get(), text, "environment variable " + name);
  }

  private static boolean isOfAService(String name, String text) {
    return SERVICE_VARIABLE.matcher(name).matches()
        || (name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(text).matches());
  }

  private static void refuseMisspelt(String name) throws ConfigurationException {
    Optional<String> meant = KnownKeys.meantVariable(name);
    if (meant.isPresent()) {
      throw new ConfigurationException(
          "Environment variable %s: there is no setting of this name; did you mean %s?"
              .formatted(name, meant.get()));
    }
  }

  void addOption(Setting setting, String value, String option) throws ConfigurationException {
    put(setting.key(), value, "command line option " + option);
  }

  private void put(String key, String text, String source) throws ConfigurationException {
    Optional<String> canonical = KnownKeys.canonical(key);
    if (canonical.isEmpty()) {
      throw unknownKey(key, source);
    }
    Optional<Setting> setting = KnownKeys.setting(canonical.get());
    boolean verbatim = setting.filter(Setting::isSecret).isPresent();
    SettingValue value = new SettingValue(verbatim ? text : text.strip(), source);
    if (!isReadable(text)) {
      throw SettingReader.refused(
          canonical.get(),
          value,
          "it holds a character that could not be read; files must be UTF-8, and for variables and options LANG must name a UTF-8 locale, such as C.UTF-8");
    }
    add(canonical.get(), value);
  }

  private void add(String key, SettingValue value) {
    values.computeIfAbsent(key, each -> new ArrayDeque<>()).addFirst(value);
  }

  private static boolean isReadable(String text) {
    return text.indexOf(REPLACEMENT_CHARACTER) < 0
        && StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  private static ConfigurationException unknownKey(String key, String source) {
    String table = key.substring(0, Math.max(0, key.indexOf('.')));
    String meant = KnownKeys.meantKey(key).map(" (did you mean %s?)"::formatted).orElse("");
    if (table.equals(KnownKeys.NAME_TABLE)) {
      return new ConfigurationException(
          "%s (from %s): a charger's name stands under evse_name.id_<SERIAL>, the serial number being 32 hex digits"
              .formatted(key, source));
    }
    if (KnownKeys.lacksSerialNumber(key)) {
      return new ConfigurationException(
          "%s (from %s): after id_ must stand the serial number, 32 hex digits"
              .formatted(key, source));
    }
    if (KnownKeys.tables().contains(table)) {
      return new ConfigurationException(
          "%s (from %s): there is no such key; known are %s%s"
              .formatted(key, source, KnownKeys.knownInTable(table), meant));
    }
    return new ConfigurationException(
        "%s (from %s): there is no such table; known are %s%s"
            .formatted(key, source, String.join(", ", KnownKeys.tables()), meant));
  }
}
