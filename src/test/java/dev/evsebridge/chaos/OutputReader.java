package dev.evsebridge.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads what the bridge writes, into a file for a person who looks into a failed run; stops reading
 * when a fault wants it to. Stack traces are noted: they are for faults of the bridge alone.
 */
final class OutputReader {
  private static final String OF_A_STACK_TRACE = "\tat ";

  /** Time and level, as each entry of the log begins; stack traces at DEBUG are for developers. */
  private static final Pattern ENTRY = Pattern.compile("\\d{4}-\\S+ \\S+ ([A-Z]+) .*");

  private static final int MOST_TRACES = 5;

  private final Path file;
  private final ReentrantLock gate = new ReentrantLock();
  private final List<String> traces = new ArrayList<>();

  OutputReader(Path file) {
    this.file = file;
    try {
      Files.createDirectories(file.getParent());
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins with the output of one life of the bridge. */
  void read(InputStream output) {
    Thread thread = new Thread(() -> copy(output), "output-reader");
    thread.setDaemon(true);
    thread.start();
  }

  /** Reads nothing while this runs. */
  void blockedWhile(Runnable work) {
    gate.lock();
    try {
      work.run();
    } finally {
      gate.unlock();
    }
  }

  /** The entries of the log so far to which a stack trace belongs; forgets them. */
  synchronized List<String> takeStackTraces() {
    List<String> taken = List.copyOf(traces);
    traces.clear();
    return taken;
  }

  private void copy(InputStream output) {
    try (BufferedReader in =
            new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8));
        PrintWriter out =
            new PrintWriter(
                Files.newBufferedWriter(
                    file, StandardOpenOption.CREATE, StandardOpenOption.APPEND))) {
      String entry = "";
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.println(line);
        out.flush();
        gate.lock();
        try {
          entry = note(entry, line);
        } finally {
          gate.unlock();
        }
      }
    } catch (IOException ended) {
      // the bridge has ended
    }
  }

  /**
   * Returns the entry of the log that the next line may belong to; empty when it has been noted.
   */
  private synchronized String note(String entry, String line) {
    Matcher beginning = ENTRY.matcher(line);
    if (beginning.matches()) {
      return beginning.group(1).equals("DEBUG") ? "" : line;
    }
    if (!line.startsWith(OF_A_STACK_TRACE) || entry.isEmpty()) {
      return entry;
    }
    if (traces.size() < MOST_TRACES) {
      traces.add("a stack trace: " + entry);
    }
    return "";
  }
}
