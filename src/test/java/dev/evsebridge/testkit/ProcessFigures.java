package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What the operating system says of a process and its children (Linux: {@code /proc}). */
public record ProcessFigures(double cpuSeconds, double rssMegabytes, double peakRssMegabytes) {
  private static final double TICKS_PER_SECOND = 100;

  public static ProcessFigures of(long processId) {
    return of(ProcessHandle.of(processId).orElseThrow());
  }

  /** The CPU time of this process without its children. */
  public static double ownCpuSeconds() {
    try {
      return cpuSeconds(Path.of("/proc/self/stat"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The time that all cores together were not idle, including what the hypervisor took away. */
  public static double machineCpuSeconds() {
    try {
      String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).split(" +", 10);
      double ticks = 0;
      for (int i = 1; i <= 8; i++) {
        boolean idleOrWaiting = i == 4 || i == 5;
        ticks += idleOrWaiting ? 0 : Long.parseLong(fields[i]);
      }
      return ticks / TICKS_PER_SECOND;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessFigures of(ProcessHandle process) {
    double cpu = 0;
    double rss = 0;
    double peak = 0;
    try (Stream<ProcessHandle> children = process.descendants()) {
      for (ProcessHandle each : Stream.concat(Stream.of(process), children).toList()) {
        Path folder = Path.of("/proc", Long.toString(each.pid()));
        cpu += cpuSeconds(folder.resolve("stat"));
        List<String> status = Files.readAllLines(folder.resolve("status"));
        rss += megabytes(status, "VmRSS:");
        peak += megabytes(status, "VmHWM:");
      }
    } catch (NoSuchFileException e) {
      throw new IllegalStateException("process " + process.pid() + " has ended", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new ProcessFigures(cpu, rss, peak);
  }

  /** {@code utime + stime}, the 14th and 15th field; the 2nd, in parentheses, may hold spaces. */
  private static double cpuSeconds(Path stat) throws IOException {
    String line = Files.readString(stat);
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", 15);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  private static double megabytes(List<String> status, String key) {
    for (String line : status) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.substring(key.length()).replace("kB", "").strip()) / 1024.0;
      }
    }
    return 0;
  }
}
