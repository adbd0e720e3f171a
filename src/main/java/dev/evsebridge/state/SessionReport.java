package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The retained message of a finished session; the order of the components is the order of the JSON
 * keys. Energy is null when the charger was not calibrated.
 *
 * @param sessionStart when the vehicle was plugged in, ISO 8601 in UTC
 * @param sessionEnd when it was unplugged
 * @param sessionKwh what it has taken
 * @param chargingSeconds how long it has charged
 * @param energyKwhStart the charger's total at the start
 * @param energyKwhEnd the charger's total at the end
 * @param energyGapSeconds how long the contactor was closed without energy being counted
 * @param endReason {@code unplugged} or {@code forgotten}
 */
public record SessionReport(
    @JsonProperty("session_start") String sessionStart,
    @JsonProperty("session_end") String sessionEnd,
    @JsonProperty("session_kwh") @Nullable Double sessionKwh,
    @JsonProperty("charging_seconds") long chargingSeconds,
    @JsonProperty("energy_kwh_start") @Nullable Double energyKwhStart,
    @JsonProperty("energy_kwh_end") @Nullable Double energyKwhEnd,
    @JsonProperty("energy_gap_seconds") @Nullable Long energyGapSeconds,
    @JsonProperty("end_reason") String endReason) {

  static SessionReport of(ChargingSession finished) {
    Double start = finished.startWattHours();
    Double end = finished.endWattHours();
    boolean counted = start != null && end != null;
    return new SessionReport(
        Consumption.seconds(finished.start()),
        Consumption.seconds(Objects.requireNonNull(finished.end())),
        start != null && end != null ? Consumption.kwh(end, start) : null,
        TimeUnit.MILLISECONDS.toSeconds(finished.chargingMillis()),
        start == null ? null : Consumption.kwh(start, 0),
        end == null ? null : Consumption.kwh(end, 0),
        counted ? Math.round(finished.gapMillis() / 1_000.0) : null,
        Objects.requireNonNull(finished.endReason()));
  }
}
