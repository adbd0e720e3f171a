package dev.evsebridge.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.AsyncApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.w3c.dom.Document;

/** What names the version of the bridge names the one in pom.xml. */
class VersionTest {

  /** As in the names of images and packages: {@code evse-mqtt-bridge:1.2.3}. */
  private static final Pattern NAMED = Pattern.compile("evse-mqtt-bridge[:_-](\\d+(?:\\.\\d+)+)");

  @Test
  void isTheLatestOneInTheListOfChanges() throws Exception {
    Matcher latest =
        Pattern.compile("(?m)^## (\\S+)").matcher(Files.readString(file("CHANGELOG.md")));
    assertTrue(latest.find(), "no version in CHANGELOG.md");
    assertEquals(version(), latest.group(1));
  }

  @Test
  void isTheOneOfTheAddOn() throws Exception {
    Object addOn =
        new Load(LoadSettings.builder().build())
            .loadFromString(Files.readString(file("deploy/home-assistant-addon/config.yaml")));
    assertEquals(version(), ((Map<?, ?>) addOn).get("version"));
  }

  @Test
  void isTheOneOfTheDescribedTopics() throws Exception {
    assertEquals(version(), AsyncApi.read().at("info/version").asText());
  }

  @Test
  void isTheOneInEveryNameOfAnImageOrPackage() throws Exception {
    String version = version();
    List<String> others = new ArrayList<>();
    int named = 0;
    for (Path file : filesForUsers()) {
      for (String found :
          NAMED
              .matcher(Files.readString(file))
              .results()
              .map((MatchResult name) -> name.group(1))
              .toList()) {
        named++;
        if (!found.equals(version)) {
          others.add(file + ": " + found);
        }
      }
    }
    assertEquals(List.of(), others);
    assertTrue(named > 0, "no file names a version");
  }

  /** Documentation and what the bridge is deployed with. */
  private static List<Path> filesForUsers() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name :
        List.of(".ci", "bin", "deploy", "docs", "Dockerfile", "README.md", "docker-compose.yml")) {
      try (Stream<Path> tree = Files.walk(file(name))) {
        tree.filter(Files::isRegularFile)
            .filter(each -> !each.toString().matches(".*\\.(jar|png)"))
            .forEach(files::add);
      }
    }
    return files;
  }

  private static String version() throws Exception {
    Document pom =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file("pom.xml").toFile());
    XPath path = XPathFactory.newInstance().newXPath();
    return path.evaluate("/project/version", pom);
  }

  private static Path file(String name) {
    return MarkdownFile.PROJECT.resolve(name);
  }
}
