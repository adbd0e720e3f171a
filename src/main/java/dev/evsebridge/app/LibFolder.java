package dev.evsebridge.app;

import dev.evsebridge.config.ConfigurationException;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder {@code lib} beside the jar: components and other classes that a user's own routes
 * name. What the bridge has itself always wins, so that nothing there can replace a part of it.
 */
final class LibFolder {

  private static final Logger LOG = LoggerFactory.getLogger(LibFolder.class);

  private static final String NAME = "lib";

  private LibFolder() {}

  /** From now on this thread, and those that it creates, find the classes of the folder's jars. */
  static void use() throws ConfigurationException {
    Path folder = find();
    List<Path> jars = folder == null ? List.of() : jars(folder);
    if (jars.isEmpty()) {
      return;
    }
    Thread.currentThread()
        .setContextClassLoader(
            new URLClassLoader(NAME, urls(jars), LibFolder.class.getClassLoader()));
    LOG.info(
        "With the jars of {}: {}",
        folder,
        jars.stream().map(jar -> jar.getFileName().toString()).collect(Collectors.joining(", ")));
  }

  /**
   * What is wrong with the folder when a class is missing; Camel looks at the jars of components
   * before any route names one.
   *
   * @return null where it is not in use: then it is a fault of the bridge
   */
  static @Nullable ConfigurationException lacks(NoClassDefFoundError missing) {
    return Thread.currentThread().getContextClassLoader() instanceof URLClassLoader lib
            && NAME.equals(lib.getName())
        ? new ConfigurationException(
            "The folder %s/ beside the bridge's jar lacks a jar that another one there needs: there is no class %s"
                .formatted(NAME, String.valueOf(missing.getMessage()).replace('/', '.')))
        : null;
  }

  /** Returns null where there is none, or the bridge does not run from a jar. */
  private static @Nullable Path find() {
    CodeSource source = LibFolder.class.getProtectionDomain().getCodeSource();
    if (source == null) {
      return null;
    }
    try {
      Path jar = Path.of(source.getLocation().toURI());
      Path folder = jar.resolveSibling(NAME);
      return Files.isRegularFile(jar) && Files.isDirectory(folder) ? folder : null;
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Path> jars(Path folder) throws ConfigurationException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> jars = new ArrayList<>();
      for (Path file : files.filter(each -> each.toString().endsWith(".jar")).sorted().toList()) {
        if (!Files.isReadable(file)) {
          throw new ConfigurationException("%s can't be read".formatted(file));
        }
        jars.add(file);
      }
      return jars;
    } catch (IOException e) {
      throw new ConfigurationException("The folder %s can't be read: %s".formatted(folder, e));
    }
  }

  private static URL[] urls(List<Path> jars) {
    return jars.stream()
        .map(
            jar -> {
              try {
                return jar.toUri().toURL();
              } catch (MalformedURLException e) {
                throw new IllegalStateException(e);
              }
            })
        .toArray(URL[]::new);
  }
}
