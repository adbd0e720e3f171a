package dev.evsebridge.app.reload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The folder {@code routes}: which of its files hold routes, and what they look like from outside.
 */
record RouteFolder(Path path) {

  private static final String SUFFIX = ".yaml";

  /**
   * What changes when a file is written.
   *
   * @param modifiedMillis time of the last change, as the file system tells it
   * @param lengthBytes length of the file
   */
  record Stamp(long modifiedMillis, long lengthBytes) {}

  /** The route files at this moment, in the order of their names. */
  Map<Path, Stamp> stamps() throws IOException {
    Map<Path, Stamp> stamps = new TreeMap<>();
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (isRouteFile(file)) {
          stamps.put(file, new Stamp(Files.getLastModifiedTime(file).toMillis(), Files.size(file)));
        }
      }
    }
    return stamps;
  }

  private static boolean isRouteFile(Path file) {
    return file.toString().endsWith(SUFFIX) && Files.isRegularFile(file);
  }
}
