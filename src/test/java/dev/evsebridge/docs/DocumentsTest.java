package dev.evsebridge.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.app.Bridge;
import dev.evsebridge.app.IdleBridge;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.config.Setting;
import dev.evsebridge.docs.MarkdownFile.Line;
import dev.evsebridge.docs.MarkdownFile.Row;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.simulator.Scenario;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.junit.jupiter.api.Test;

/** What exists is documented, and what is documented exists. */
class DocumentsTest {

  private static final MarkdownFile CONFIGURATION = MarkdownFile.of("docs/configuration.md");
  private static final MarkdownFile ROUTES = MarkdownFile.of("docs/routes.md");
  private static final MarkdownFile MQTT_API = MarkdownFile.of("docs/mqtt-api.md");

  /** Not a setting of its own: one for each charger. */
  private static final String CHARGER_NAME = "evse_name.id_<SERIAL>";

  private static final Pattern CLASS_NAME = Pattern.compile("[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+");
  private static final Pattern TEST_NAME = Pattern.compile("\\b[A-Z][A-Za-z0-9]+(?:IT|Test)\\b");

  @Test
  void documentEverySettingWithItsDefault() {
    Map<String, String> documented = new TreeMap<>();
    for (String section :
        List.of(
            "Chargers",
            "Broker",
            "Firmware",
            "Bridge",
            "Web port",
            "Calibration",
            "Charge controller",
            "Supervision",
            "Home Assistant")) {
      for (Row row : CONFIGURATION.rows(section)) {
        String defaultValue = row.cells().get(1);
        documented.put(
            row.code(0).get(0), defaultValue.equals("empty") ? "" : defaultValue.replace("`", ""));
      }
    }
    assertEquals("", documented.remove(CHARGER_NAME));
    assertEquals(defaults(), documented);
  }

  private static Map<String, String> defaults() {
    return Arrays.stream(Setting.values())
        .collect(
            Collectors.toMap(
                Setting::key, Setting::defaultValue, (one, other) -> one, TreeMap::new));
  }

  @Test
  void deliverSettingsWithTheirDefaults() throws IOException {
    List<MatchResult> properties =
        Pattern.compile("(?m)^#?([a-z_]+\\.[A-Za-z0-9_.]+) *= *(.*)$")
            .matcher(Files.readString(MarkdownFile.PROJECT.resolve("application.properties")))
            .results()
            .filter(property -> !property.group(1).startsWith("evse_name."))
            .toList();
    assertTrue(properties.size() > 3, "only " + properties.size());
    for (MatchResult property : properties) {
      assertEquals(
          defaults().getOrDefault(property.group(1), "no such setting"),
          property.group(2),
          property.group(1));
    }
  }

  @Test
  void documentEveryCommandLineOption() {
    Set<String> documented =
        CONFIGURATION.rows("Command line").stream()
            .flatMap(row -> row.code(0).stream())
            .map(option -> option.split(" ", 2)[0])
            .collect(Collectors.toCollection(TreeSet::new));

    assertEquals(optionsOf(help()), documented);
  }

  private static String help() {
    PrintStream before = System.out;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      assertEquals(0, Bridge.run("--help"));
    } finally {
      System.setOut(before);
    }
    return captured.toString(StandardCharsets.UTF_8);
  }

  private static Set<String> optionsOf(String help) {
    String heads =
        help.lines()
            .dropWhile(line -> !line.startsWith("  "))
            .map(line -> line.strip().split("\\s{2,}", 2)[0])
            .filter(head -> head.startsWith("-"))
            .collect(Collectors.joining("\n"));
    return Pattern.compile("(?<![\\w-])--?[a-z][\\w-]*")
        .matcher(heads)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void documentEveryScenario() {
    assertEquals(
        Arrays.stream(Scenario.values())
            .map(Scenario::label)
            .collect(Collectors.toCollection(TreeSet::new)),
        firstCodes(CONFIGURATION.rows("Simulated chargers")));
  }

  @Test
  void documentEveryErrorCode() {
    assertEquals(
        Arrays.stream(ErrorCode.values())
            .map(ErrorCode::code)
            .collect(Collectors.toCollection(TreeSet::new)),
        firstCodes(MQTT_API.rows("Errors")));
  }

  @Test
  void documentEveryRouteWithItsFile() throws IOException {
    Set<String> documented = new TreeSet<>();
    for (Row row : ROUTES.rows("Routes")) {
      documented.add(row.code(0).get(0) + " " + row.code(1).get(0));
    }
    Set<String> existing = new TreeSet<>();
    for (Path file : routeFiles()) {
      Pattern.compile("(?m)^- route:\\s+id: (\\S+)")
          .matcher(Files.readString(file))
          .results()
          .forEach(match -> existing.add(file.getFileName() + " " + match.group(1)));
    }
    assertEquals(existing, documented);
  }

  @Test
  void documentEveryBean() {
    assertEquals(new TreeSet<>(beans().keySet()), beanSections());
  }

  private static Set<String> beanSections() {
    List<String> headings = ROUTES.headings();
    return new TreeSet<>(
        headings.subList(headings.indexOf("Beans") + 1, headings.indexOf("Examples")));
  }

  private static Map<String, Object> beans() {
    try {
      return IdleBridge.beans(Configuration.read(MarkdownFile.PROJECT, null, Map.of(), Map.of()));
    } catch (ConfigurationException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void documentEveryBeanMethodThatRoutesCall() throws IOException {
    Set<String> documented = new TreeSet<>();
    for (String bean : beanSections()) {
      for (Row row : ROUTES.rows(bean)) {
        documented.add(bean + "." + row.code(0).get(0));
      }
    }
    documented.removeIf(method -> method.startsWith("json."));
    Set<String> called = new TreeSet<>();
    for (Path file : routeFiles()) {
      Pattern.compile("ref: (\\w+)\\s+method: (\\w+)")
          .matcher(Files.readString(file))
          .results()
          .forEach(match -> called.add(match.group(1) + "." + match.group(2)));
    }
    assertEquals(called, documented);
  }

  @Test
  void nameNoBeanMethodThatDoesNotExist() {
    for (String bean : beanSections()) {
      Set<String> methods =
          Arrays.stream(Objects.requireNonNull(beans().get(bean), bean).getClass().getMethods())
              .map(Method::getName)
              .collect(Collectors.toSet());
      for (Row row : ROUTES.rows(bean)) {
        String method = row.code(0).get(0);
        assertTrue(methods.contains(method), () -> bean + " has no method " + method);
      }
    }
  }

  @Test
  void nameOnlyHeadersThatExist() throws IllegalAccessException {
    Set<String> headers = new TreeSet<>();
    for (var constant : PahoMqtt5Constants.class.getFields()) {
      headers.add(String.valueOf(constant.get(null)));
    }
    for (Row row : ROUTES.rows("paho-mqtt5")) {
      assertTrue(headers.contains(row.code(0).get(0)), row::toString);
    }
  }

  @Test
  void linkOnlyToWhatIsThere() {
    List<String> broken = new ArrayList<>();
    for (MarkdownFile page : MarkdownFile.all()) {
      for (Line link : page.links()) {
        String target = link.text();
        if (!target.startsWith("http") && !isThere(page, target)) {
          broken.add(page + ":" + link.number() + ": " + target);
        }
      }
    }
    assertEquals(List.of(), broken);
  }

  private static boolean isThere(MarkdownFile page, String target) {
    String[] parts = target.split("#", 2);
    Path file = parts[0].isEmpty() ? page.path() : page.path().resolveSibling(parts[0]).normalize();
    if (!Files.exists(file)) {
      return false;
    }
    return parts.length == 1
        || MarkdownFile.of(MarkdownFile.PROJECT.relativize(file).toString())
            .anchors()
            .contains(parts[1]);
  }

  @Test
  void nameOnlyClassesThatExist() {
    Set<String> classes = sources().keySet();
    List<String> unknown = new ArrayList<>();
    for (MarkdownFile page : MarkdownFile.all()) {
      for (Line line : page.lines()) {
        for (String code : MarkdownFile.code(line.text())) {
          String name = code.replaceFirst("(?:\\(.*\\)|#.*|\\..*)$", "");
          if (CLASS_NAME.matcher(name).matches()
              && !name.startsWith("Camel")
              && !classes.contains(name)
              && !isForeign(name)) {
            unknown.add(page + ":" + line.number() + ": " + name);
          }
        }
        TEST_NAME
            .matcher(line.text())
            .results()
            .map(MatchResult::group)
            .filter(name -> !classes.contains(name))
            .forEach(name -> unknown.add(page + ":" + line.number() + ": " + name));
      }
    }
    assertEquals(List.of(), unknown);
  }

  @Test
  void nameOnlyMembersThatTheirClassHas() throws IOException {
    Map<String, Path> sources = sources();
    List<String> unknown = new ArrayList<>();
    for (MarkdownFile page : MarkdownFile.all()) {
      for (Line line : page.lines()) {
        for (String code : MarkdownFile.code(line.text())) {
          String[] parts = code.split("[.(]", -1);
          Path source = parts.length < 2 ? null : sources.get(parts[0]);
          if (source != null && !declares(Files.readString(source), parts[1])) {
            unknown.add(page + ":" + line.number() + ": " + code);
          }
        }
      }
    }
    assertEquals(List.of(), unknown);
  }

  private static boolean declares(String source, String member) {
    String kind = member.matches("[A-Z][a-z].*") ? "(?:class|record|enum|interface) " : "";
    return Pattern.compile("\\b" + kind + Pattern.quote(member) + "\\b").matcher(source).find();
  }

  @Test
  void nameOnlyClassesInPackagesThatHoldThem() {
    List<String> unknown = new ArrayList<>();
    for (MarkdownFile page : MarkdownFile.all()) {
      for (Line line : page.lines()) {
        Pattern.compile("\\bdev\\.evsebridge\\.[a-z.]*[A-Z]\\w+")
            .matcher(line.text())
            .results()
            .map(MatchResult::group)
            .filter(name -> !sourceExists(name))
            .forEach(name -> unknown.add(page + ":" + line.number() + ": " + name));
      }
    }
    assertEquals(List.of(), unknown);
  }

  private static boolean sourceExists(String className) {
    String file = className.replace('.', '/') + ".java";
    return Stream.of("main", "test", "bench")
        .anyMatch(
            tree ->
                Files.exists(MarkdownFile.PROJECT.resolve("src/" + tree + "/java").resolve(file)));
  }

  /** Of the libraries; the documentation names few of them. */
  private static boolean isForeign(String name) {
    return Set.of(
            "CompletionStage",
            "EmbeddedChannel",
            "JacksonException",
            "LimitNOFILE",
            "NettyConsumer")
        .contains(name);
  }

  @Test
  void listEveryPackageAboveThoseThatItKnows() throws IOException {
    List<String> listed =
        MarkdownFile.of("docs/architecture.md").rows("Packages").stream()
            .map(row -> row.code(0).get(0))
            .toList();
    Map<String, Set<String>> known = knownPackages();
    assertEquals(known.keySet(), new TreeSet<>(listed));
    for (int i = 0; i < listed.size(); i++) {
      Set<String> upwards = new TreeSet<>(known.get(listed.get(i)));
      upwards.removeAll(listed.subList(i + 1, listed.size()));
      assertEquals(Set.of(), upwards, listed.get(i));
    }
  }

  /** For each package of the program the others that its sources name. */
  private static Map<String, Set<String>> knownPackages() throws IOException {
    Path root = MarkdownFile.PROJECT.resolve("src/main/java/dev/evsebridge");
    Pattern name = Pattern.compile("\\bdev\\.evsebridge\\.([a-z.]+)\\.[A-Z]");
    Map<String, Set<String>> known = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String own =
            Objects.requireNonNull(root.relativize(file).getParent())
                .toString()
                .replace(file.getFileSystem().getSeparator(), ".");
        Set<String> others = known.computeIfAbsent(own, each -> new TreeSet<>());
        name.matcher(Files.readString(file))
            .results()
            .map(match -> match.group(1))
            .filter(other -> !other.equals(own))
            .forEach(others::add);
      }
    }
    return known;
  }

  /** All sources by the name of their class. */
  private static Map<String, Path> sources() {
    try (Stream<Path> files = Files.walk(MarkdownFile.PROJECT.resolve("src"))) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .collect(
              Collectors.toMap(
                  file -> file.getFileName().toString().replaceFirst("\\.java$", ""),
                  file -> file,
                  (one, other) -> one));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void nameOnlySettingsThatExist() {
    Set<String> keys =
        Arrays.stream(Setting.values()).map(Setting::key).collect(Collectors.toSet());
    List<String> unknown = new ArrayList<>();
    for (MarkdownFile page : MarkdownFile.all()) {
      for (Line line : page.lines()) {
        for (String code : MarkdownFile.code(line.text())) {
          String key = code.split("[ =]", 2)[0].replaceAll("[{}]", "");
          if (key.matches(
                  "(?:evse|mqtt|bridge|control|sensors|alive|firmware|homeassistant|web)\\.[a-z][a-z_.]*")
              && !key.endsWith(".yaml")
              && !keys.contains(key)) {
            unknown.add(page + ":" + line.number() + ": " + key);
          }
        }
      }
    }
    assertEquals(List.of(), unknown);
  }

  @Test
  void showOnlyMessagesThatAreJson() throws IOException {
    ObjectMapper json = new ObjectMapper();
    for (MarkdownFile page : MarkdownFile.all()) {
      StringBuilder message = new StringBuilder();
      for (Line line : page.lines()) {
        boolean starts = line.text().startsWith("    {\"");
        if (starts || (!message.isEmpty() && line.text().startsWith("     "))) {
          if (starts && !message.isEmpty()) {
            json.readTree(message.toString());
            message.setLength(0);
          }
          message.append(line.text());
        } else if (!message.isEmpty()) {
          assertTrue(json.readTree(message.toString()).isObject(), page + ":" + line.number());
          message.setLength(0);
        }
      }
    }
  }

  private static Set<String> firstCodes(List<Row> rows) {
    return rows.stream()
        .map(row -> row.code(0).get(0).toLowerCase(Locale.ROOT))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Path> routeFiles() throws IOException {
    try (Stream<Path> files = Files.list(MarkdownFile.PROJECT.resolve("routes"))) {
      return files.sorted().toList();
    }
  }
}
