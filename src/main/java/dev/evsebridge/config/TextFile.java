package dev.evsebridge.config;

import dev.evsebridge.runtime.PatientRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads UTF-8 files; a byte order mark, which some editors write, does not count as content. */
final class TextFile {

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /** Passwords, routes, and the certificates of all CAs are far smaller. */
  private static final int MOST_BYTES = 8 * 1024 * 1024;

  private TextFile() {}

  /** Reads a configuration file; what prevents it is said in one line. */
  static String read(Path file) throws ConfigurationException {
    try {
      // It may be a pipe, as from <(...) of a shell; the program has not begun yet.
      return withoutMark(Files.readString(file));
    } catch (IOException e) {
      throw new ConfigurationException("Can't read %s: %s".formatted(file, reason(file, e)));
    }
  }

  /** Reads a file that may have to be read again while the bridge runs; no pipe. */
  static String content(Path file) throws IOException {
    return withoutMark(
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(file))).toString());
  }

  /** The same, whatever it holds. */
  static byte[] bytes(Path file) throws IOException {
    return PatientRead.upTo(MOST_BYTES, file);
  }

  private static String withoutMark(String content) {
    return content.startsWith(BYTE_ORDER_MARK)
        ? content.substring(BYTE_ORDER_MARK.length())
        : content;
  }

  /**
   * Why a file was not read, to follow a sentence; empty where the system's words would confuse.
   */
  static String why(IOException e) {
    return e instanceof PatientRead.NotReadException ? "; " + e.getMessage() : "";
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
