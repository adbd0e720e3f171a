package dev.evsebridge.runtime;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Lets a few log lines of a kind through per period and counts the rest, so that a flood of
 * connections or requests can't become a flood of lines, and none is passed over unsaid. Log4j's
 * {@code BurstFilter} counts nothing, and counts all kinds of a level as one.
 */
public final class LogThrottle {

  private final int linesPerPeriod;
  private final long periodNanos;
  private final LongSupplier clockNanos;
  private long periodStartNanos;
  private int lines;
  private long suppressed;

  /** Lets that many lines through per period. */
  public LogThrottle(int linesPerPeriod, Duration period) {
    this(linesPerPeriod, period, System::nanoTime);
  }

  LogThrottle(int linesPerPeriod, Duration period, LongSupplier clockNanos) {
    this.linesPerPeriod = linesPerPeriod;
    this.periodNanos = period.toNanos();
    this.clockNanos = clockNanos;
    this.periodStartNanos = clockNanos.getAsLong();
  }

  /**
   * Logs, or counts what is not logged.
   *
   * @param line takes a suffix for the line: empty, or how many lines were left out before it
   */
  public void log(Line line) {
    long leftOut;
    synchronized (this) {
      long now = clockNanos.getAsLong();
      if (now - periodStartNanos >= periodNanos) {
        periodStartNanos = now;
        lines = 0;
      }
      if (lines >= linesPerPeriod) {
        suppressed++;
        return;
      }
      lines++;
      leftOut = suppressed;
      suppressed = 0;
    }
    line.log(leftOut == 0 ? "" : " (and " + leftOut + " more like it before)");
  }

  /** One log line. */
  @FunctionalInterface
  public interface Line {
    /** Writes the line with the suffix at its end. */
    void log(String suffix);
  }
}
