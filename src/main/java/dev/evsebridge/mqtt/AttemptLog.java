package dev.evsebridge.mqtt;

import java.time.Duration;

/**
 * Decides which failed attempts to reach the broker are worth a line of the log: a broker that is
 * away over night would fill it. Without clock and log.
 */
final class AttemptLog {

  /** While the broker has been away for less than this, each attempt is. */
  static final Duration QUIET_AFTER = Duration.ofMinutes(1);

  /** From then on, one in this time is. */
  static final Duration INTERVAL = Duration.ofMinutes(1);

  /** How to log an attempt. */
  enum Line {
    NONE,
    ONE_OF_EACH,
    ONE_A_MINUTE
  }

  private long loggedAtNanos;

  /**
   * Returns how to log an attempt that has failed now.
   *
   * @param awaySinceNanos when the broker was lost, or the bridge was started
   */
  Line failed(long nowNanos, long awaySinceNanos) {
    boolean quiet = nowNanos - awaySinceNanos >= QUIET_AFTER.toNanos();
    if (quiet && nowNanos - loggedAtNanos < INTERVAL.toNanos()) {
      return Line.NONE;
    }
    loggedAtNanos = nowNanos;
    return quiet ? Line.ONE_A_MINUTE : Line.ONE_OF_EACH;
  }
}
