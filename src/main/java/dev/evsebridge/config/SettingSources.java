package dev.evsebridge.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Collects raw values from all sources; a later source wins: built-in default,
 * application.properties, the configuration file, environment, command line.
 */
final class SettingSources {

  /** Other keys of application.properties are Camel's or belong to the user's own routes. */
  private static final Set<String> OWN_TABLES = Set.of("evse", "evse_name", "mqtt", "bridge");

  private static final String NAME_PREFIX = "evse_name.id_";
  private static final String NAME_VARIABLE_PREFIX = "EVSE_NAME_ID_";

  private final Map<String, SettingValue> values = new TreeMap<>();
  private final Set<String> ignoredVariables = new TreeSet<>();

  SettingSources() {
    for (Setting setting : Setting.values()) {
      values.put(setting.key(), new SettingValue(setting.defaultValue(), "the default"));
    }
  }

  Map<String, SettingValue> values() {
    return values;
  }

  Set<String> ignoredVariables() {
    return ignoredVariables;
  }

  void addFile(Path file) throws ConfigurationException {
    String name = String.valueOf(file.getFileName());
    Map<String, String> entries;
    if (name.endsWith(".toml")) {
      entries = readToml(file);
    } else if (name.endsWith(".properties")) {
      entries = readProperties(file);
    } else {
      throw new ConfigurationException(
          "Configuration file %s: its name must end in .toml or .properties".formatted(file));
    }
    for (Map.Entry<String, String> entry : entries.entrySet()) {
      put(entry.getKey(), entry.getValue(), file.toString());
    }
  }

  void addEnvironment(Map<String, String> environment) throws ConfigurationException {
    Map<String, String> keys =
        List.of(Setting.values()).stream()
            .collect(Collectors.toMap(Setting::environmentVariable, Setting::key));
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      // Containers pass on variables that nobody has set as empty ones.
      if (variable.getValue().isEmpty()) {
        continue;
      }
      String key = keys.get(name);
      if (key == null && name.startsWith(NAME_VARIABLE_PREFIX)) {
        key = NAME_PREFIX + name.substring(NAME_VARIABLE_PREFIX.length());
      }
      if (key != null) {
        put(key, variable.getValue(), "environment variable " + name);
      } else if (name.startsWith("EVSE_")
          || name.startsWith("MQTT_")
          || name.startsWith("BRIDGE_")) {
        // Not an error: orchestrators set such variables for services named mqtt.
        ignoredVariables.add(name);
      }
    }
  }

  void addOption(Setting setting, String value, String option) throws ConfigurationException {
    put(setting.key(), value, "command line option " + option);
  }

  private void put(String key, String text, String source) throws ConfigurationException {
    int dot = key.indexOf('.');
    if (dot < 0 || !OWN_TABLES.contains(key.substring(0, dot))) {
      return;
    }
    if (key.startsWith(NAME_PREFIX)) {
      String serial = key.substring(NAME_PREFIX.length());
      values.put(NAME_PREFIX + serial.toUpperCase(Locale.ROOT), new SettingValue(text, source));
    } else if (Setting.ofKey(key).isPresent()) {
      boolean verbatim = key.equals(Setting.MQTT_PASSWORD.key());
      values.put(key, new SettingValue(verbatim ? text : text.strip(), source));
    } else if (key.startsWith("evse_name.")) {
      throw new ConfigurationException(
          "%s (from %s): a charger's name stands under evse_name.id_<SERIAL>, the serial number being 32 hex digits"
              .formatted(key, source));
    } else {
      String table = key.substring(0, dot + 1);
      throw new ConfigurationException(
          "%s (from %s): there is no such key; known are %s"
              .formatted(
                  key,
                  source,
                  List.of(Setting.values()).stream()
                      .map(Setting::key)
                      .filter(known -> known.startsWith(table))
                      .collect(Collectors.joining(", "))));
    }
  }

  private static Map<String, String> readProperties(Path file) throws ConfigurationException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("%s: %s".formatted(file, e.getMessage()));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    Map<String, String> entries = new TreeMap<>();
    properties.stringPropertyNames().forEach(key -> entries.put(key, properties.getProperty(key)));
    return entries;
  }

  private static Map<String, String> readToml(Path file) throws ConfigurationException {
    Map<String, String> entries = new TreeMap<>();
    try {
      flatten("", new TomlMapper().readTree(Files.readString(file)), file, entries);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "%s, line %d: not valid TOML: %s"
              .formatted(file, e.getLocation().getLineNr(), firstLine(e.getOriginalMessage())));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return entries;
  }

  private static void flatten(String prefix, JsonNode node, Path file, Map<String, String> entries)
      throws ConfigurationException {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String key = prefix + field.getKey();
      JsonNode value = field.getValue();
      if (value.isObject()) {
        flatten(key + ".", value, file, entries);
      } else if (value.isArray()) {
        List<String> items = new ArrayList<>();
        value.forEach(item -> items.add(item.asText()));
        entries.put(key, String.join(",", items));
      } else {
        entries.put(key, value.asText());
      }
    }
  }

  static ConfigurationException unreadable(Path file, IOException e) {
    String reason =
        e instanceof NoSuchFileException
            ? "there is no such file"
            : e instanceof MalformedInputException
                ? "it is not UTF-8"
                : e.getClass().getSimpleName();
    return new ConfigurationException("Can't read %s: %s".formatted(file, reason));
  }

  static String firstLine(String message) {
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}
