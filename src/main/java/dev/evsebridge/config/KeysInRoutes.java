package dev.evsebridge.config;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells whether a route file refers to a key; read only when somebody asks. */
final class KeysInRoutes {

  private final Path folder;

  KeysInRoutes(Path folder) {
    this.folder = folder;
  }

  boolean contain(String key) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.{yaml,yml}")) {
      for (Path file : files) {
        if (TextFile.content(file).contains(key)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      // A file that can't be read is said by whoever loads the routes.
      return false;
    }
  }
}
