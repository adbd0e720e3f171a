package dev.evsebridge.testkit;

import java.util.List;

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
    List<String> lines = JvmProbe.ask(processId, "GC.class_histogram");
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).startsWith("Total")) {
        return Long.parseLong(lines.get(i).trim().split("\\s+", -1)[2]);
      }
    }
    throw new IllegalStateException("jcmd did not show the heap: " + String.join("\n", lines));
  }
}
