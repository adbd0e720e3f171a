package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes.Name;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The one jar that all libraries have been put into. */
class JarIT {
  private static final String REGISTRATIONS = "META-INF/services/";

  @Test
  void registersWhatTheLibrariesInItRegister() throws IOException {
    try (JarFile jar = new JarFile(BridgeProcess.jar().toFile())) {
      List<String> names =
          jar.stream()
              .filter(entry -> !entry.isDirectory())
              .map(JarEntry::getName)
              .filter(name -> name.startsWith(REGISTRATIONS))
              .toList();
      List<String> lost = new ArrayList<>();
      int checked = 0;
      for (String name : names) {
        Set<String> registered = Set.copyOf(lines(jar.getInputStream(jar.getEntry(name))));
        for (URL library : Collections.list(JarIT.class.getClassLoader().getResources(name))) {
          for (String line : lines(library.openStream())) {
            if (jar.getEntry(classFile(line)) != null) {
              checked++;
              if (!registered.contains(line)) {
                lost.add(name + ": " + line);
              }
            }
          }
        }
      }
      assertEquals(List.of(), lost);
      assertTrue(checked > 100, "only " + checked + " registrations were looked at");
    }
  }

  @Test
  void holdsNothingThatSpeaksForASingleLibrary() throws IOException {
    try (JarFile jar = new JarFile(BridgeProcess.jar().toFile())) {
      Set<String> outOfPlace =
          jar.stream()
              .map(JarEntry::getName)
              .filter(
                  name -> name.matches("META-INF/[^/]+\\.(SF|RSA|DSA|EC)|META-INF/INDEX\\.LIST"))
              .collect(Collectors.toSet());
      assertEquals(Set.of(), outOfPlace);
      assertFalse(jar.getManifest().getMainAttributes().containsKey(Name.CLASS_PATH));
      assertTrue(jar.isMultiRelease(), "libraries bring classes for later versions of Java");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOTICE", "LICENSE"})
  void carriesWhatTheLibrariesInItSayOfTheirAuthors(String name) throws IOException {
    List<String> lost = new ArrayList<>();
    int checked = 0;
    try (JarFile jar = new JarFile(BridgeProcess.jar().toFile())) {
      String carried = words(jar.getInputStream(jar.getEntry("META-INF/" + name)));
      for (String ending : List.of("", ".txt", ".md")) {
        for (URL text :
            Collections.list(
                JarIT.class.getClassLoader().getResources("META-INF/" + name + ending))) {
          if (text.openConnection() instanceof JarURLConnection library
              && isIn(jar, library.getJarFile())) {
            checked++;
            if (!carried.contains(words(text.openStream()))) {
              lost.add(text.toString());
            }
          }
        }
      }
    }
    assertEquals(List.of(), lost);
    assertTrue(checked > 10, "only " + checked + " texts were looked at");
  }

  private static boolean isIn(JarFile jar, JarFile library) {
    return library.stream()
        .map(JarEntry::getName)
        .filter(entry -> entry.endsWith(".class") && !entry.endsWith("module-info.class"))
        .findFirst()
        .filter(entry -> jar.getEntry(entry) != null)
        .isPresent();
  }

  /** Without regard to line ends and spaces. */
  private static String words(InputStream text) throws IOException {
    try (text) {
      return new String(text.readAllBytes(), StandardCharsets.ISO_8859_1)
          .replaceAll("\\s+", " ")
          .strip();
    }
  }

  @Test
  void isNotCompressed() throws IOException {
    try (JarFile jar = new JarFile(BridgeProcess.jar().toFile())) {
      assertEquals(0, jar.stream().filter(entry -> entry.getMethod() != ZipEntry.STORED).count());
    }
  }

  /** A registration is the name of a class, or {@code class=} and the name of a class. */
  private static String classFile(String registration) {
    String className = registration.substring(registration.indexOf('=') + 1);
    return className.replace('.', '/') + ".class";
  }

  private static List<String> lines(InputStream registrations) throws IOException {
    try (registrations) {
      return new String(registrations.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .toList();
    }
  }
}
