package dev.evsebridge.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads keys and values from a TOML file. The names of its tables become the first parts of the
 * keys; the items of a list are joined by commas.
 */
final class TomlFile {

  /** The parser's words. */
  private static final String DUPLICATE = "Duplicate key";

  private TomlFile() {}

  /** The entries; a table without any stands there with an empty value and a dot at its end. */
  static Map<String, String> read(Path file) throws ConfigurationException {
    String text = TextFile.read(file);
    Map<String, String> entries = new TreeMap<>();
    try {
      flatten("", new TomlMapper().readTree(text), entries);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "%s, line %d: not valid TOML: %s"
              .formatted(file, line(text, e), firstLine(e.getOriginalMessage())));
    }
    return entries;
  }

  /**
   * The parser notices a second value for a key when it has read the end of its line, and then
   * names the line on which the next thing begins.
   */
  private static int line(String text, JacksonException e) {
    int line = e.getLocation().getLineNr();
    if (!DUPLICATE.equals(e.getOriginalMessage())) {
      return line;
    }
    List<String> lines = text.lines().toList();
    if (line <= lines.size()) {
      String read = lines.get(line - 1);
      if (!read.substring(0, Math.min(read.length(), e.getLocation().getColumnNr() - 1))
          .isBlank()) {
        return line;
      }
    }
    do {
      line--;
    } while (line > lines.size() || (line > 1 && isEmpty(lines.get(line - 1))));
    return line;
  }

  private static boolean isEmpty(String line) {
    return line.isBlank() || line.strip().startsWith("#");
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("");
  }

  private static void flatten(String prefix, JsonNode node, Map<String, String> entries) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String key = prefix + field.getKey();
      JsonNode value = field.getValue();
      if (value.isObject()) {
        if (value.isEmpty()) {
          entries.put(key + ".", "");
        }
        flatten(key + ".", value, entries);
      } else if (value.isArray()) {
        List<String> items = new ArrayList<>();
        value.forEach(item -> items.add(item.asText()));
        entries.put(key, String.join(",", items));
      } else {
        entries.put(key, value.asText());
      }
    }
  }
}
