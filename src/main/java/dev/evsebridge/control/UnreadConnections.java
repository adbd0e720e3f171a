package dev.evsebridge.control;

import java.time.Duration;

/**
 * Connections, one soon after the other, on which the charger says nothing that can be read. Each
 * of them starts the charger's own 300 s anew, so that it would never open a closed contactor by
 * itself: whoever accepts them must do so in its place.
 */
final class UnreadConnections {
  /** After so long without a connection that lasts, the charger opens by itself. */
  private static final Duration OWN_FAIL_SAFE = Duration.ofMinutes(5);

  private final Mark since = new Mark();
  private final Mark lost = new Mark();

  void connected(long nowNanos) {
    if (lost.isSet() && lost.ageNanos(nowNanos) >= OWN_FAIL_SAFE.toNanos()) {
      // By then the charger has opened by itself, or somebody else has had it.
      since.clear();
    }
    since.setIfNone(nowNanos);
  }

  void disconnected(long nowNanos) {
    lost.set(nowNanos);
  }

  /** A reading has come. */
  void read() {
    since.clear();
  }

  /** Whether the charger would have opened by now, had nobody accepted its connections. */
  boolean tooLong(Moment moment) {
    return moment.over(since, OWN_FAIL_SAFE);
  }
}
