package dev.evsebridge.app;

import dev.evsebridge.config.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  /** The folder that holds the routes to run: the one beside the settings, or the jar's. */
  static Path routesFor(Path folder) {
    return areUsedIn(folder) ? carried().resolve(ROUTES) : folder.resolve(ROUTES);
  }

  /**
   * Writes the files that are not there yet; a folder of routes that is there stays as it is.
   *
   * @return a line about each
   */
  static List<String> writeTo(Path folder) throws ConfigurationException {
    List<String> done = new ArrayList<>();
    Path source = carried();
    write(source.resolve(PROPERTIES), folder.resolve(PROPERTIES), done);
    Path routes = folder.resolve(ROUTES);
    if (Files.exists(routes)) {
      done.add("Left as it is: %s is there already".formatted(routes));
      return done;
    }
    try (Stream<Path> files = Files.list(source.resolve(ROUTES))) {
      Files.createDirectory(routes);
      for (Path file : files.sorted().toList()) {
        write(file, routes.resolve(file.getFileName().toString()), done);
      }
    } catch (IOException e) {
      throw cannotWrite(routes, e);
    }
    return done;
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
    URL properties =
        Objects.requireNonNull(
            DefaultFiles.class.getResource("/" + FOLDER + "/" + PROPERTIES),
            "the jar lacks its default files");
    try {
      URI uri = properties.toURI();
      Path file = "jar".equals(uri.getScheme()) ? inJar(uri) : Path.of(uri);
      return Objects.requireNonNull(file.getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
