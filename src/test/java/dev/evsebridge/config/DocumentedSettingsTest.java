package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** The documents name every setting that there is, and no other. */
class DocumentedSettingsTest {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  private static final Path REFERENCE = PROJECT.resolve("docs/configuration.md");

  /** A row of a table that begins with one or several keys. */
  private static final Pattern ROW = Pattern.compile("(?m)^\\| *((?:`[^`|]+`(?:, *)?)+) *\\|");

  private static final Pattern ROW_WITH_DEFAULT = Pattern.compile(ROW.pattern() + "([^|]*)\\|");

  private static final Pattern KEY = Pattern.compile("`([a-z_]+\\.[a-z0-9_.]+)`");

  private static final Pattern PROPERTY =
      Pattern.compile("(?m)^#?([a-z_]+\\.[A-Za-z0-9_.]+) *= *(.*)$");

  static boolean hasReference() {
    return Files.exists(REFERENCE);
  }

  @Test
  @EnabledIf("hasReference")
  void theReferenceHasARowForEachSettingAndNoOther() throws IOException {
    Set<String> documented = new TreeSet<>();
    Matcher rows = ROW.matcher(Files.readString(REFERENCE));
    while (rows.find()) {
      Matcher keys = KEY.matcher(rows.group(1));
      while (keys.find()) {
        documented.add(keys.group(1));
      }
    }
    Set<String> existing =
        Arrays.stream(Setting.values())
            .map(Setting::key)
            .collect(Collectors.toCollection(TreeSet::new));

    Set<String> missing = new TreeSet<>(existing);
    missing.removeAll(documented);
    assertEquals(Set.of(), missing, "not in docs/configuration.md");
    Set<String> unknown = new TreeSet<>(documented);
    unknown.removeAll(existing);
    assertEquals(Set.of(), unknown, "in docs/configuration.md, but no settings");
  }

  @Test
  @EnabledIf("hasReference")
  void theReferenceNamesTheDefaults() throws IOException {
    Map<String, String> documented = new TreeMap<>();
    Matcher rows = ROW_WITH_DEFAULT.matcher(Files.readString(REFERENCE));
    while (rows.find()) {
      String cell = rows.group(2).strip().replace("`", "");
      Matcher keys = KEY.matcher(rows.group(1));
      while (keys.find()) {
        documented.put(keys.group(1), cell.equals("empty") ? "" : cell);
      }
    }
    Map<String, String> existing =
        Arrays.stream(Setting.values())
            .collect(
                Collectors.toMap(Setting::key, Setting::defaultValue, (a, b) -> a, TreeMap::new));

    assertEquals(existing, documented);
  }

  @Test
  void theDeliveredPropertiesNameSettingsWithTheirDefaults() throws IOException {
    Matcher properties =
        PROPERTY.matcher(Files.readString(PROJECT.resolve("application.properties")));
    int found = 0;
    while (properties.find()) {
      String key = properties.group(1);
      found++;
      if (!key.startsWith(KnownKeys.NAME_PREFIX)) {
        assertEquals(
            Setting.ofKey(key).map(Setting::defaultValue).orElse("no such setting"),
            properties.group(2),
            key);
      }
    }
    assertTrue(found > 3, "only " + found);
  }
}
