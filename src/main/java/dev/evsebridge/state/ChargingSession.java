package dev.evsebridge.state;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One vehicle at a charger, from plugging in to unplugging.
 *
 * @param start when it was plugged in
 * @param end when it was unplugged; null while it is there
 * @param startWattHours the charger's total at the start; null while it is not calibrated
 * @param endWattHours the charger's total at the end; null before
 * @param chargingMillis how long it has charged
 * @param gapMillis how long the contactor was closed without readings that energy can be told from
 * @param endReason why it has ended; null before
 */
record ChargingSession(
    Instant start,
    @Nullable Instant end,
    @Nullable Double startWattHours,
    @Nullable Double endWattHours,
    long chargingMillis,
    long gapMillis,
    @Nullable String endReason) {

  /** The vehicle is no longer there. */
  static final String UNPLUGGED = "unplugged";

  /** The charger was forgotten while a vehicle was there. */
  static final String FORGOTTEN = "forgotten";

  static ChargingSession begin(Instant start, @Nullable Double totalWattHours) {
    return new ChargingSession(start, null, totalWattHours, null, 0, 0, null);
  }

  ChargingSession with(
      @Nullable Double newStartWattHours, long moreChargingMillis, long moreGapMillis) {
    if (moreChargingMillis == 0
        && moreGapMillis == 0
        && Objects.equals(newStartWattHours, startWattHours)) {
      return this;
    }
    return new ChargingSession(
        start,
        end,
        newStartWattHours,
        endWattHours,
        chargingMillis + moreChargingMillis,
        gapMillis + moreGapMillis,
        endReason);
  }

  ChargingSession ended(Instant at, @Nullable Double totalWattHours, String reason) {
    // The clock of the bridge may have been set back.
    Instant notBeforeStart = at.isBefore(start) ? start : at;
    return new ChargingSession(
        start, notBeforeStart, startWattHours, totalWattHours, chargingMillis, gapMillis, reason);
  }
}
