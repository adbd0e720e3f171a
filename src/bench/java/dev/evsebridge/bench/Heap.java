package dev.evsebridge.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What lives on the heap of a Java process. */
final class Heap {
  private Heap() {}

  /** Bytes of all objects that are left after a garbage collection. */
  static long liveBytes(long processId) throws IOException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Process process =
        new ProcessBuilder(jcmd, Long.toString(processId), "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // The last line is "Total 123456 7890123": objects and bytes.
    String[] total = text.strip().substring(text.strip().lastIndexOf("Total")).split(" +", 3);
    return Long.parseLong(total[2].strip());
  }
}
