package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.evsebridge.message.PilotVoltage;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The retained state of a charger; the order of the components is the order of the JSON keys. What
 * is not known is null, never 0.
 *
 * @param clientId the charger
 * @param serial 32 upper-case hex digits
 * @param connected whether it is connected
 * @param time of the last reading, ISO 8601 in UTC
 * @param status A no vehicle, B no power flows, C charging, E fault, F not available
 * @param why why it is not charging: a code; null while it charges
 * @param whyText the code's sentence
 * @param vehicle whether one is plugged in
 * @param charging whether power flows
 * @param enabled the set-point; like all that the charge controller knows, null without it
 * @param limitAmps the set-point
 * @param offeredAmps what the duty cycle allows now
 * @param maxAmps the smaller of circuit and cable; without the charge controller the cable
 * @param limitedBy which limit holds
 * @param cableAmps null when there is no cable
 * @param pilotVoltage as in the reading
 * @param contactorState whether the contactor is closed
 * @param pwmPercent as in the reading
 * @param powerWatts the sum over the phases with current and voltage; the power factor taken as 1
 * @param phase1Volts null where the phase is not calibrated, like the other measured values
 * @param phases how many of the calibrated ones carry more than 1 A
 * @param energyKwh the total since the first calibrated reading; null before
 * @param sessionKwh of the vehicle that is plugged in, or of the last one
 * @param sessionStart when it was plugged in, ISO 8601 in UTC
 * @param sessionEnd when it was unplugged; null while it is there
 * @param chargingSeconds how long it has charged
 * @param errors codes of the latched errors
 * @param alive whether the external control lives
 * @param startAt when a delayed start is due, ISO 8601 in UTC
 * @param wifiRssiDbm signal strength
 * @param chargerStart when the charger started, ISO 8601 in UTC
 * @param firmwareVersion from the hello
 * @param protection what calibration makes possible; null without the charge controller
 */
public record ChargerState(
    @JsonProperty("client_id") String clientId,
    @JsonProperty("serial") String serial,
    @JsonProperty("connected") boolean connected,
    @JsonProperty("time") @Nullable String time,
    @JsonProperty("status") String status,
    @JsonProperty("why") @Nullable String why,
    @JsonProperty("why_text") @Nullable String whyText,
    @JsonProperty("vehicle") @Nullable Boolean vehicle,
    @JsonProperty("charging") @Nullable Boolean charging,
    @JsonProperty("enabled") @Nullable Boolean enabled,
    @JsonProperty("limit_amps") @Nullable Double limitAmps,
    @JsonProperty("offered_amps") @Nullable Double offeredAmps,
    @JsonProperty("max_amps") @Nullable Double maxAmps,
    @JsonProperty("limited_by") @Nullable String limitedBy,
    @JsonProperty("cable_amps") @Nullable Number cableAmps,
    @JsonProperty("pilot_voltage") @Nullable PilotVoltage pilotVoltage,
    @JsonProperty("contactor_state") @Nullable Boolean contactorState,
    @JsonProperty("pwm_percent") @Nullable Integer pwmPercent,
    @JsonProperty("power_watts") @Nullable Long powerWatts,
    @JsonProperty("phase1_volts") @Nullable Double phase1Volts,
    @JsonProperty("phase2_volts") @Nullable Double phase2Volts,
    @JsonProperty("phase3_volts") @Nullable Double phase3Volts,
    @JsonProperty("phase1_amps") @Nullable Double phase1Amps,
    @JsonProperty("phase2_amps") @Nullable Double phase2Amps,
    @JsonProperty("phase3_amps") @Nullable Double phase3Amps,
    @JsonProperty("phases") @Nullable Integer phases,
    @JsonProperty("energy_kwh") @Nullable Double energyKwh,
    @JsonProperty("session_kwh") @Nullable Double sessionKwh,
    @JsonProperty("session_start") @Nullable String sessionStart,
    @JsonProperty("session_end") @Nullable String sessionEnd,
    @JsonProperty("charging_seconds") @Nullable Long chargingSeconds,
    @JsonProperty("errors") @Nullable List<String> errors,
    @JsonProperty("alive") @Nullable String alive,
    @JsonProperty("start_at") @Nullable String startAt,
    @JsonProperty("wifi_rssi_dbm") @Nullable Integer wifiRssiDbm,
    @JsonProperty("charger_start") @Nullable String chargerStart,
    @JsonProperty("firmware_version") int firmwareVersion,
    @JsonProperty("protection") @Nullable Protection protection)
    implements Expiring {

  /** While the charger is connected a newer one comes within that time. */
  private static final long FRESH_SECONDS = 60;

  /** For each protection {@code on}, or {@code not_calibrated}: then it sees nothing or not all. */
  public record Protection(
      @JsonProperty("overcurrent") String overcurrent,
      @JsonProperty("weld") String weld,
      @JsonProperty("voltage") String voltage) {}

  /** Copies the list. */
  public ChargerState {
    errors = errors == null ? null : List.copyOf(errors);
  }

  @Override
  public OptionalLong messageExpirySeconds() {
    return connected ? OptionalLong.of(FRESH_SECONDS) : OptionalLong.empty();
  }

  /** Whether subscribers are to hear of this at once, who know another one. */
  boolean isUrgentAfter(ChargerState told) {
    return connected != told.connected
        || !status.equals(told.status)
        || !Objects.equals(why, told.why)
        || !Objects.equals(vehicle, told.vehicle)
        || !Objects.equals(charging, told.charging)
        || !Objects.equals(contactorState, told.contactorState)
        || !Objects.equals(enabled, told.enabled)
        || !Objects.equals(limitAmps, told.limitAmps)
        || !Objects.equals(limitedBy, told.limitedBy)
        || !Objects.equals(errors, told.errors)
        || !Objects.equals(alive, told.alive)
        || !Objects.equals(offeredAmps, told.offeredAmps)
        || !Objects.equals(maxAmps, told.maxAmps)
        || !Objects.equals(cableAmps, told.cableAmps);
  }
}
