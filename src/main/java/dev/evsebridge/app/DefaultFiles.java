package dev.evsebridge.app;

import dev.evsebridge.app.reload.DeliveredRoutes;
import dev.evsebridge.app.reload.RouteFolder;
import dev.evsebridge.config.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * The settings and routes that the jar carries: the bridge runs with them where it finds neither,
 * and writes them where somebody wants to edit them.
 */
final class DefaultFiles {

  /** Where they are on the class path. */
  static final String FOLDER = "default";

  private static final String PROPERTIES = "application.properties";
  private static final String ROUTES = "routes";

  private DefaultFiles() {}

  /** Whether the folder holds neither settings nor routes of its own. */
  static boolean areUsedIn(Path folder) {
    return !Files.exists(folder.resolve(PROPERTIES)) && !Files.exists(folder.resolve(ROUTES));
  }

  /** The routes to run: those beside the settings, or the jar's. */
  static RouteFolder routesFor(Path folder) {
    Path routes = areUsedIn(folder) ? carried().resolve(ROUTES) : folder.resolve(ROUTES);
    return new RouteFolder(routes, delivered());
  }

  private static DeliveredRoutes delivered() {
    return new DeliveredRoutes(DefaultFiles::carriedRoutes);
  }

  /** Name and text of the route files that the jar carries, or that are among the classes. */
  private static SortedMap<String, String> carriedRoutes() {
    URL properties = carriedProperties();
    try {
      if (properties.openConnection() instanceof JarURLConnection connection) {
        // The Java machine has this file open; a file system of it would be made anew, in 50 ms.
        connection.setUseCaches(false);
        try (JarFile jar = connection.getJarFile()) {
          return routesIn(jar);
        }
      }
      return routesIn(carried().resolve(ROUTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SortedMap<String, String> routesIn(JarFile jar) throws IOException {
    String folder = FOLDER + "/" + ROUTES + "/";
    SortedMap<String, String> texts = new TreeMap<>();
    for (JarEntry entry : Collections.list(jar.entries())) {
      String name = entry.getName();
      if (name.startsWith(folder) && !entry.isDirectory()) {
        try (InputStream content = jar.getInputStream(entry)) {
          String text = new String(content.readAllBytes(), StandardCharsets.UTF_8);
          texts.put(name.substring(folder.length()), text);
        }
      }
    }
    return texts;
  }

  private static SortedMap<String, String> routesIn(Path folder) throws IOException {
    SortedMap<String, String> texts = new TreeMap<>();
    for (Path file : list(folder)) {
      texts.put(file.getFileName().toString(), Files.readString(file));
    }
    return texts;
  }

  /**
   * Writes the files that are not there yet. Route files of an earlier version that nobody has
   * edited make way for this version's; all others stay as they are.
   *
   * @return a line about each
   */
  static List<String> writeTo(Path folder) throws ConfigurationException {
    List<String> done = new ArrayList<>();
    Path source = carried();
    write(source.resolve(PROPERTIES), folder.resolve(PROPERTIES), done);
    writeRoutes(folder.resolve(ROUTES), done);
    return done;
  }

  private static void writeRoutes(Path routes, List<String> done) throws ConfigurationException {
    DeliveredRoutes delivered = delivered();
    Set<String> names = new TreeSet<>();
    List<String> texts = new ArrayList<>();
    try {
      Files.createDirectories(routes);
      for (Path file : list(routes)) {
        String name = file.getFileName().toString();
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        if (delivered.isOfEarlierVersion(text)) {
          Files.delete(file);
          if (!delivered.current().containsKey(name)) {
            done.add("Removed %s: it is of an earlier version, unedited".formatted(file));
          }
        } else {
          names.add(name);
          texts.add(text);
          done.add("Left as it is: %s is there already".formatted(file));
        }
      }
      for (Map.Entry<String, String> file : delivered.missingBeside(names, texts).entrySet()) {
        Path target = routes.resolve(file.getKey());
        // Fails where the file has come into being meanwhile.
        Files.writeString(target, file.getValue(), StandardOpenOption.CREATE_NEW);
        done.add("Wrote %s".formatted(target));
      }
    } catch (IOException e) {
      throw cannotWrite(routes, e);
    }
  }

  private static List<Path> list(Path routes) throws IOException {
    try (Stream<Path> files = Files.list(routes)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml") && Files.isRegularFile(file))
          .sorted()
          .toList();
    }
  }

  private static void write(Path source, Path target, List<String> done)
      throws ConfigurationException {
    if (Files.exists(target)) {
      done.add("Left as it is: %s is there already".formatted(target));
      return;
    }
    try (InputStream content = Files.newInputStream(source)) {
      // Fails where the file has come into being meanwhile.
      Files.copy(content, target);
      done.add("Wrote %s".formatted(target));
    } catch (IOException e) {
      throw cannotWrite(target, e);
    }
  }

  private static ConfigurationException cannotWrite(Path target, IOException e) {
    return new ConfigurationException(
        "Can't write %s: %s".formatted(target, e.getClass().getSimpleName()));
  }

  /** Where they are in the jar, or among the compiled classes. */
  private static Path carried() {
    try {
      URI uri = carriedProperties().toURI();
      Path file = "jar".equals(uri.getScheme()) ? inJar(uri) : Path.of(uri);
      return Objects.requireNonNull(file.getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL carriedProperties() {
    return Objects.requireNonNull(
        DefaultFiles.class.getResource("/" + FOLDER + "/" + PROPERTIES),
        "the jar lacks its default files");
  }

  private static Path inJar(URI uri) throws IOException {
    FileSystem jar;
    try {
      jar = FileSystems.newFileSystem(uri, Map.of());
    } catch (FileSystemAlreadyExistsException e) {
      jar = FileSystems.getFileSystem(uri);
    }
    return jar.getPath(FOLDER, PROPERTIES);
  }
}
