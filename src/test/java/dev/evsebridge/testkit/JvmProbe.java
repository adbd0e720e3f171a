package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** What a JVM says of itself when it is asked by {@code jcmd}. */
final class JvmProbe {
  private JvmProbe() {}

  /** The lines that a command, such as {@code GC.class_histogram}, has printed. */
  static List<String> ask(long processId, String command) {
    try {
      Process jcmd =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                  Long.toString(processId),
                  command)
              .redirectErrorStream(true)
              .start();
      return List.of(
          new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n", -1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
