package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.testkit.BridgeProcess;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is published beside the jar; only {@code mvn -Prelease,deb verify} makes it. */
class ReleaseIT {
  private static final Path JAR = BridgeProcess.jar();
  private static final Path SBOM = JAR.resolveSibling("evse-mqtt-bridge.cdx.json");
  private static final Path CHECKSUMS = JAR.resolveSibling("SHA256SUMS");
  private static final Path LICENCES = JAR.resolveSibling("deb").resolve("THIRD-PARTY.txt");

  /** The library that a class comes from, as in {@code jar:file:/…/name-1.2.3.jar!/…}. */
  private static final Pattern LIBRARY = Pattern.compile("/([^/]+)\\.jar!/");

  /** As in {@code (MIT) SLF4J API Module (org.slf4j:slf4j-api:2.0.17 - http://www.slf4j.org)}. */
  private static final Pattern LICENCE =
      Pattern.compile("\\s+((?:\\([^()]+\\) )+).*\\([^:()]+:([^:()]+):([^:() ]+) - .*\\)");

  @BeforeAll
  static void requireARelease() throws IOException {
    assumeTrue(Files.exists(CHECKSUMS), "the jar was built without -Prelease,deb");
    assumeTrue(
        Files.getLastModifiedTime(CHECKSUMS).compareTo(Files.getLastModifiedTime(JAR)) >= 0,
        "the jar is newer than the release");
  }

  @Test
  void listsEveryLibraryInTheJarAndNoOther() throws IOException {
    Set<String> listed = listed();
    Set<String> used = new TreeSet<>();
    List<String> unknown = new ArrayList<>();
    int classes = 0;
    try (JarFile jar = new JarFile(JAR.toFile())) {
      for (ZipEntry entry : Collections.list(jar.entries())) {
        String name = entry.getName();
        if (name.endsWith(".class") && !name.startsWith("dev/evsebridge/")) {
          classes++;
          Set<String> origins = origins(name);
          origins.retainAll(listed);
          if (origins.isEmpty()) {
            unknown.add(name);
          }
          used.addAll(origins);
        }
      }
    }
    assertEquals(List.of(), unknown);
    listed.removeAll(used);
    listed.removeAll(withoutClasses());
    assertEquals(Set.of(), listed, "they are not in the jar");
    assertTrue(classes > 5000, "only " + classes + " classes were looked at");
  }

  /** Libraries that only name others, such as camel-core. */
  private static Set<String> withoutClasses() throws IOException {
    Set<String> names = new TreeSet<>();
    for (URL manifest :
        Collections.list(ReleaseIT.class.getClassLoader().getResources(JarFile.MANIFEST_NAME))) {
      Matcher library = LIBRARY.matcher(manifest.toString());
      if (manifest.openConnection() instanceof JarURLConnection connection
          && library.find()
          && connection.getJarFile().stream()
              .noneMatch(entry -> entry.getName().endsWith(".class"))) {
        names.add(library.group(1));
      }
    }
    return names;
  }

  private static Set<String> origins(String className) throws IOException {
    Set<String> origins = new TreeSet<>();
    for (URL url : Collections.list(ReleaseIT.class.getClassLoader().getResources(className))) {
      Matcher library = LIBRARY.matcher(url.toString());
      if (library.find()) {
        origins.add(library.group(1));
      }
    }
    return origins;
  }

  @Test
  void knowsALicenceOfEveryLibrary() throws IOException {
    List<String> without = new ArrayList<>();
    for (JsonNode component : components()) {
      if (component.path("licenses").isEmpty()) {
        without.add(component.path("name").asText());
      }
    }
    assertEquals(List.of(), without);
  }

  @Test
  void shipsTheLicencesOfEveryLibraryWithThePackage() throws IOException {
    Set<String> licensed = new TreeSet<>();
    List<String> restricted = new ArrayList<>();
    for (String line : Files.readAllLines(LICENCES)) {
      Matcher library = LICENCE.matcher(line);
      if (library.matches()) {
        licensed.add(library.group(2) + "-" + library.group(3));
        if (!library.group(1).matches("(?i).*\\b(?:apache|asf|mit|eclipse|epl|edl|bsd)\\b.*")) {
          restricted.add(line);
        }
      }
    }
    assertEquals(listed(), licensed);
    assertEquals(List.of(), restricted);
  }

  @Test
  void givesTheChecksumsOfJarPackageAndList() throws Exception {
    Set<String> files = new TreeSet<>();
    for (String line : Files.readAllLines(CHECKSUMS)) {
      String[] sum = line.split(" [ *]", 2);
      byte[] content = Files.readAllBytes(JAR.resolveSibling(sum[1]));
      assertEquals(
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)),
          sum[0],
          sum[1]);
      files.add(sum[1].replaceFirst(".*\\.", ""));
    }
    assertEquals(Set.of("deb", "jar", "json"), files);
  }

  private static Set<String> listed() throws IOException {
    Set<String> listed = new TreeSet<>();
    for (JsonNode component : components()) {
      listed.add(component.path("name").asText() + "-" + component.path("version").asText());
    }
    return listed;
  }

  private static JsonNode components() throws IOException {
    return new ObjectMapper().readTree(SBOM.toFile()).path("components");
  }
}
