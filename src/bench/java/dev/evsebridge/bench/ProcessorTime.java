package dev.evsebridge.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long each thread of a Java process has run, in nanoseconds, as Linux counts it in {@code
 * /proc/<pid>/task/<tid>/schedstat}. What the just-in-time compilers take is told apart: it ends
 * some day, and where it ends is chance.
 */
record ProcessorTime(
    Map<String, Long> work, Map<String, Long> compiling, Map<String, String> names) {

  static ProcessorTime of(long processId) {
    Map<String, Long> work = new HashMap<>();
    Map<String, Long> compiling = new HashMap<>();
    Map<String, String> names = new HashMap<>();
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(processId), "task"))) {
      for (Path task : tasks) {
        try {
          String name = Files.readString(task.resolve("comm")).strip();
          names.put(task.getFileName().toString(), name);
          String[] times = Files.readString(task.resolve("schedstat")).split(" ", 3);
          // Linux keeps 15 characters of "C2 CompilerThread0".
          (name.contains(" CompilerThre") ? compiling : work)
              .put(task.getFileName().toString(), Long.parseLong(times[0]));
        } catch (IOException ended) {
          // A thread that has ended just now.
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new ProcessorTime(work, compiling, names);
  }

  /** Seconds of all threads but the compilers'. */
  double workSince(ProcessorTime earlier) {
    return since(work, earlier.work);
  }

  /** The same of each thread, or of those of one name. */
  Map<String, Double> workByThreadSince(ProcessorTime earlier) {
    Map<String, Double> seconds = new TreeMap<>();
    work.forEach(
        (task, nanos) ->
            seconds.merge(
                names.getOrDefault(task, task),
                (nanos - earlier.work.getOrDefault(task, 0L)) / 1e9,
                Double::sum));
    return seconds;
  }

  double compilingSince(ProcessorTime earlier) {
    return since(compiling, earlier.compiling);
  }

  /** A thread that has ended in between is left out, a new one counts from its beginning. */
  private static double since(Map<String, Long> now, Map<String, Long> earlier) {
    long nanos = 0;
    for (Map.Entry<String, Long> each : now.entrySet()) {
      nanos += each.getValue() - earlier.getOrDefault(each.getKey(), 0L);
    }
    return nanos / 1e9;
  }
}
