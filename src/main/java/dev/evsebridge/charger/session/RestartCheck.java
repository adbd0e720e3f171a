package dev.evsebridge.charger.session;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Tells from a charger's uptime whether it has restarted since an image was sent: then the uptime
 * is at most the time since. The uptime starts again at 0 after 2^32 ms, 49.7 days, as well: where
 * that falls between the two readings, an uptime that goes on from the one before shows that there
 * was no restart.
 *
 * @param uptimeBeforeMillis of the reading before the upload
 * @param readBeforeAtNanos when that reading came
 * @param sentAtNanos when the last byte of the image had been sent
 */
record RestartCheck(long uptimeBeforeMillis, long readBeforeAtNanos, long sentAtNanos) {

  private static final long WRAP_MILLIS = 1L << 32;

  /** A boot alone takes longer, and clocks drift less. */
  private static final Duration TOLERANCE = Duration.ofSeconds(3);

  boolean hasRestarted(long uptimeMillis, long nowNanos) {
    long sinceReadingMillis = TimeUnit.NANOSECONDS.toMillis(nowNanos - readBeforeAtNanos);
    long goneOnMillis = uptimeBeforeMillis + sinceReadingMillis;
    if (goneOnMillis + TOLERANCE.toMillis() >= WRAP_MILLIS) {
      long offMillis = Math.abs(uptimeMillis - goneOnMillis) % WRAP_MILLIS;
      return Math.min(offMillis, WRAP_MILLIS - offMillis) > TOLERANCE.toMillis();
    }
    return uptimeMillis <= TimeUnit.NANOSECONDS.toMillis(nowNanos - sentAtNanos);
  }
}
