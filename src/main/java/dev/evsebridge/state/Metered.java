package dev.evsebridge.state;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a charger has delivered so far, as it is remembered over restarts.
 *
 * @param wattHours the total since the first calibrated reading; null before
 * @param lost whether the total of earlier runs is lost: then it is never counted again from 0
 * @param closedAt when the last reading came, if the contactor was closed at it
 * @param running the session of the vehicle that is there
 * @param finished the last session that has ended
 */
record Metered(
    @Nullable Double wattHours,
    boolean lost,
    @Nullable Instant closedAt,
    @Nullable ChargingSession running,
    @Nullable ChargingSession finished) {

  static final Metered NOTHING = new Metered(null, false, null, null, null);
  static final Metered LOST = new Metered(null, true, null, null, null);

  /** The running session, or else the last one. */
  @Nullable ChargingSession session() {
    return running == null ? finished : running;
  }

  /** The session that began at that time. */
  @Nullable ChargingSession sessionOf(Instant start) {
    if (running != null && running.start().equals(start)) {
      return running;
    }
    return finished != null && finished.start().equals(start) ? finished : null;
  }

  /** The vehicle is gone, or is no longer cared for. */
  Metered ended(Instant at, String reason) {
    return running == null
        ? this
        : new Metered(wattHours, lost, closedAt, null, running.ended(at, wattHours, reason));
  }
}
