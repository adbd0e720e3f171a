package dev.evsebridge.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Reads keys and values from a .properties file in UTF-8. */
final class PropertiesFile {

  private PropertiesFile() {}

  static Map<String, String> read(Path file) throws ConfigurationException {
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(TextFile.read(file)));
    } catch (IllegalArgumentException | IOException e) {
      throw new ConfigurationException("%s: %s".formatted(file, e.getMessage()));
    }
    Map<String, String> entries = new TreeMap<>();
    properties.stringPropertyNames().forEach(key -> entries.put(key, properties.getProperty(key)));
    return entries;
  }
}
