package dev.evsebridge.state;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What another bridge has said last of a charger's state, as far as it must go on where the charger
 * is now.
 *
 * @param time of the last reading
 * @param chargerStart when the charger started
 * @param firmwareVersion from its last hello
 * @param enabled the set-point, like the limit null without the charge controller
 * @param energyKwh the total; null before the first calibrated reading
 * @param sessionStart of the running session, or of the last one; null before the first
 * @param sessionEnd null while the session runs
 */
public record LastState(
    SerialNumber serial,
    @Nullable Instant time,
    @Nullable Instant chargerStart,
    int firmwareVersion,
    @Nullable Boolean enabled,
    @Nullable Double limitAmps,
    @Nullable Double energyKwh,
    @Nullable Double sessionKwh,
    @Nullable Instant sessionStart,
    @Nullable Instant sessionEnd,
    long chargingSeconds) {

  private static final double WATT_HOURS_PER_KILOWATT_HOUR = 1_000;
  private static final long MILLIS_PER_SECOND = 1_000;
  private static final int DECIAMPS_PER_AMP = 10;

  /** Reads a state as it is published; null when it is none. */
  public static @Nullable LastState read(byte[] payload) {
    try {
      JsonNode state = BridgeJson.mapper().readTree(payload);
      JsonNode enabled = state.path("enabled");
      return new LastState(
          new SerialNumber(state.path("serial").asText()),
          time(state.path("time")),
          time(state.path("charger_start")),
          state.path("firmware_version").asInt(),
          enabled.isBoolean() ? enabled.booleanValue() : null,
          number(state.path("limit_amps")),
          number(state.path("energy_kwh")),
          number(state.path("session_kwh")),
          time(state.path("session_start")),
          time(state.path("session_end")),
          state.path("charging_seconds").asLong());
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      return null;
    }
  }

  private static @Nullable Double number(JsonNode value) {
    return value.isNumber() ? value.doubleValue() : null;
  }

  private static @Nullable Instant time(JsonNode value) {
    return value.isTextual() ? Instant.parse(value.textValue()) : null;
  }

  @Nullable Integer limitDeciamps() {
    return limitAmps == null ? null : (int) Math.round(limitAmps * DECIAMPS_PER_AMP);
  }

  @Nullable Double wattHours() {
    return energyKwh == null ? null : energyKwh * WATT_HOURS_PER_KILOWATT_HOUR;
  }

  /** The session, begun at a total that gives what it has used. */
  @Nullable ChargingSession session() {
    if (sessionStart == null) {
      return null;
    }
    Double total = wattHours();
    Double begun =
        total == null || sessionKwh == null
            ? null
            : total - sessionKwh * WATT_HOURS_PER_KILOWATT_HOUR;
    return new ChargingSession(
        sessionStart,
        sessionEnd,
        begun,
        sessionEnd == null ? null : total,
        chargingSeconds * MILLIS_PER_SECOND,
        0,
        sessionEnd == null ? null : ChargingSession.UNPLUGGED);
  }
}
