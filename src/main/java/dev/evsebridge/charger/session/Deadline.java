package dev.evsebridge.charger.session;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Until when a request may still be put on a charger's wire. Measured on a monotonic clock, so that
 * a clock that is set neither revives nor kills a command.
 */
public final class Deadline {

  /** The exchange property that holds the deadline of a request. */
  public static final String PROPERTY = "deadline";

  /**
   * The exchange property that holds the earliest moment at which a message can have arrived, a
   * {@link Long} by {@link System#nanoTime}: it may have waited while the process was frozen.
   */
  public static final String ARRIVED_AT_NANOS = "arrivedAtNanos";

  /** For requests that never expire. */
  public static final Deadline NONE = new Deadline(() -> 0, Long.MAX_VALUE);

  private final LongSupplier clockNanos;
  private final long atNanos;

  private Deadline(LongSupplier clockNanos, long atNanos) {
    this.clockNanos = clockNanos;
    this.atNanos = atNanos;
  }

  /** That long from now. */
  public static Deadline after(Duration duration) {
    return after(duration, System::nanoTime);
  }

  /**
   * That long from an earlier moment, such as the arrival of a message.
   *
   * @param sinceNanos the moment, by {@link System#nanoTime}
   */
  public static Deadline after(Duration duration, long sinceNanos) {
    return new Deadline(System::nanoTime, sinceNanos + duration.toNanos());
  }

  static Deadline after(Duration duration, LongSupplier clockNanos) {
    return new Deadline(clockNanos, clockNanos.getAsLong() + duration.toNanos());
  }

  /** Whether it is over. */
  public boolean passed() {
    return this != NONE && clockNanos.getAsLong() - atNanos >= 0;
  }
}
