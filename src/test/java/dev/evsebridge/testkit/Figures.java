package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What the bridge takes of the machine at one moment.
 *
 * @param liveBytes on the heap, after a garbage collection
 * @param residentKibibytes of memory
 * @param threads of the process
 * @param openFiles sockets among them
 */
public record Figures(long liveBytes, long residentKibibytes, long threads, long openFiles) {

  public static Figures of(BridgeProcess bridge) {
    return new Figures(
        liveBytes(bridge.id()), bridge.residentKibibytes(), bridge.threads(), bridge.openFiles());
  }

  /** The class histogram counts live objects only; its last line is their sum. */
  private static long liveBytes(long processId) {
    try {
      Process jcmd =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                  Long.toString(processId),
                  "GC.class_histogram")
              .redirectErrorStream(true)
              .start();
      String[] lines =
          new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n", -1);
      for (int i = lines.length - 1; i >= 0; i--) {
        if (lines[i].startsWith("Total")) {
          return Long.parseLong(lines[i].trim().split("\\s+", -1)[2]);
        }
      }
      throw new IllegalStateException("jcmd did not show the heap: " + String.join("\n", lines));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
