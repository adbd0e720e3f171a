package dev.evsebridge.state;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When a charger started, by its uptime: it stays the same though each reading comes differently
 * late.
 */
final class ChargerStart {

  /** The uptime has 32 bits of milliseconds. */
  private static final long WRAP_MILLIS = 1L << 32;

  private static final long SAME_MILLIS = 10_000;

  /** Two clocks that run apart; no restart, which would be noticed by far more. */
  private static final long DRIFT_MILLIS = 60_000;

  private ChargerStart() {}

  /**
   * The start by a new reading.
   *
   * @param before by the readings before; null before the first
   * @param readAt when the reading came
   * @param uptimeMillis what it says
   */
  static Instant of(@Nullable Instant before, Instant readAt, long uptimeMillis) {
    Instant start = readAt.minusMillis(uptimeMillis);
    if (before == null) {
      return start;
    }
    long apartMillis = Duration.between(before, start).toMillis();
    long wraps = Math.max(0, Math.round((double) apartMillis / WRAP_MILLIS));
    long driftMillis = apartMillis - wraps * WRAP_MILLIS;
    if (Math.abs(driftMillis) <= SAME_MILLIS) {
      return before;
    }
    return Math.abs(driftMillis) <= DRIFT_MILLIS ? before.plusMillis(driftMillis) : start;
  }
}
