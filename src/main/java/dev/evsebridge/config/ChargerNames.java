package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names that the configuration gives to chargers; each stands for one charger only. */
public final class ChargerNames {

  private static final String PREFIX = KnownKeys.NAME_PREFIX;

  /** Would collide with the topics of the bridge itself. */
  private static final Set<String> RESERVED = Set.of("bridge", "error");

  private final Map<SerialNumber, String> names;

  private ChargerNames(Map<SerialNumber, String> names) {
    this.names = Map.copyOf(names);
  }

  /** No charger has a name. */
  public static ChargerNames none() {
    return new ChargerNames(Map.of());
  }

  static ChargerNames read(Map<String, Deque<SettingValue>> values) throws ConfigurationException {
    Map<SerialNumber, String> names = new HashMap<>();
    Map<String, SerialNumber> serials = new HashMap<>();
    for (Map.Entry<String, Deque<SettingValue>> entry : values.entrySet()) {
      if (!entry.getKey().startsWith(PREFIX)) {
        continue;
      }
      String key = entry.getKey();
      SettingValue value = entry.getValue().getFirst();
      String digits = key.substring(PREFIX.length());
      if (!SerialNumber.isSerialNumber(digits)) {
        throw SettingReader.refused(
            key, value, "after id_ must stand the serial number, 32 hex digits");
      }
      SerialNumber serial = new SerialNumber(digits);
      for (SettingValue each : entry.getValue()) {
        String problem = problem(serial, each.text());
        if (problem != null) {
          throw SettingReader.refused(key, each, problem);
        }
      }
      String name = value.text();
      SerialNumber other = serials.put(name, serial);
      if (other != null) {
        throw SettingReader.refused(
            key,
            value,
            "a name stands for one charger only, and %s%s has it too".formatted(PREFIX, other));
      }
      names.put(serial, name);
    }
    return new ChargerNames(names);
  }

  private static @Nullable String problem(SerialNumber serial, String name) {
    if (name.isBlank()) {
      return "a name must not be empty";
    }
    if (RESERVED.contains(name)) {
      return "a name may not be 'bridge' or 'error'";
    }
    if (name.chars().anyMatch(c -> c == '/' || c == '+' || c == '#')
        || !MqttText.holdsOnlyCharacters(name)) {
      return "a name may hold spaces and any letter, but no '/', '+', '#' or control character";
    }
    if (!name.equals(serial.hex()) && SerialNumber.isSerialNumber(name)) {
      return "a name may not be the serial number of another charger";
    }
    return null;
  }

  /** The charger's name, or its serial number where it has none. */
  public String clientId(SerialNumber serial) {
    return names.getOrDefault(serial, serial.hex());
  }
}
