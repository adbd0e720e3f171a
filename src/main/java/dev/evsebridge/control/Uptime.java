package dev.evsebridge.control;

/** Tells by the uptime in its readings whether a charger has restarted in between. */
final class Uptime {
  private static final long WRAP_MILLIS = 1L << 32;

  /** Readings may be late by seconds; a restart takes at least ten. */
  private static final long TOLERANCE_MILLIS = 3_000;

  private static final long DRIFT_DIVISOR = 1_000;

  private final Mark at = new Mark();
  private long millis;

  void read(long uptimeMillis, long nowNanos) {
    at.set(nowNanos);
    millis = uptimeMillis;
  }

  /** Whether anything was read before. */
  boolean known() {
    return at.isSet();
  }

  /** Whether an uptime is shorter than it had to be without a restart. */
  boolean restarted(long uptimeMillis, long nowNanos) {
    if (!at.isSet()) {
      return false;
    }
    long elapsedMillis = at.ageNanos(nowNanos) / 1_000_000;
    long missingMillis = Math.floorMod(millis + elapsedMillis - uptimeMillis, WRAP_MILLIS);
    boolean ahead = missingMillis > WRAP_MILLIS / 2;
    return !ahead && missingMillis > TOLERANCE_MILLIS + elapsedMillis / DRIFT_DIVISOR;
  }
}
