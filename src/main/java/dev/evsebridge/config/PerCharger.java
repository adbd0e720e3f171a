package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is set for all chargers, and what for single ones.
 *
 * @param general holds for every charger that has nothing of its own
 * @param own holds for one charger; where a key is set for all only, its value is in here as well
 */
public record PerCharger<T>(T general, Map<SerialNumber, T> own) {

  /** Copies the map. */
  public PerCharger {
    own = Map.copyOf(own);
  }

  /** What holds for this charger. */
  public T of(SerialNumber serial) {
    return own.getOrDefault(serial, general);
  }

  /** Reads a table once for all chargers, and once for each that has keys of its own in it. */
  static <T> PerCharger<T> read(String table, SettingReader reader, Section<T> section)
      throws ConfigurationException {
    T general = section.read(reader);
    Map<SerialNumber, T> own = new TreeMap<>(Comparator.comparing(SerialNumber::hex));
    for (SerialNumber serial : reader.chargers(table)) {
      own.put(serial, section.read(reader.of(serial)));
    }
    return new PerCharger<>(general, own);
  }

  /** Reads one table. */
  interface Section<T> {
    T read(SettingReader reader) throws ConfigurationException;
  }
}
