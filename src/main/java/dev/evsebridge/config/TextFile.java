package dev.evsebridge.config;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads UTF-8 files; a byte order mark, which some editors write, does not count as content. */
final class TextFile {

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private TextFile() {}

  /** Reads a configuration file; what prevents it is said in one line. */
  static String read(Path file) throws ConfigurationException {
    try {
      return content(file);
    } catch (IOException e) {
      throw new ConfigurationException("Can't read %s: %s".formatted(file, reason(file, e)));
    }
  }

  static String content(Path file) throws IOException {
    String content = Files.readString(file);
    return content.startsWith(BYTE_ORDER_MARK)
        ? content.substring(BYTE_ORDER_MARK.length())
        : content;
  }

  private static String reason(Path file, IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file";
    }
    if (Files.isDirectory(file)) {
      return "it is a folder";
    }
    if (e instanceof AccessDeniedException) {
      return "access is denied";
    }
    if (e instanceof MalformedInputException) {
      return "it is not UTF-8";
    }
    return String.valueOf(e.getMessage());
  }
}
