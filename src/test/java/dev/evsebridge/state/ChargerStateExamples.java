package dev.evsebridge.state;

import dev.evsebridge.control.ControlState;
import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.control.ControlStatus.ProtectionStatus;
import dev.evsebridge.control.LatchedError;
import dev.evsebridge.control.LifeSign;
import dev.evsebridge.control.LimitedBy;
import dev.evsebridge.control.Why;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.state.ChargerFacts.Connection;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Readings, statuses and states for tests. */
public final class ChargerStateExamples {

  private ChargerStateExamples() {}

  /** The state of a charger that was read at noon. */
  public static ChargerState state(String clientId, String serial, boolean connected) {
    return new ChargerFacts(
            clientId,
            serial,
            9,
            connected ? Connection.OPEN : Connection.LOST,
            connected ? reading(26, true, PilotVoltage.VOLT_6) : null,
            Instant.parse("2026-11-26T12:00:00.123Z"),
            null,
            Sensors.NONE,
            null,
            null,
            Consumption.UNKNOWN)
        .state();
  }

  static Reading reading(int pwmPercent, boolean contactorClosed, PilotVoltage pilot) {
    return reading(pwmPercent, contactorClosed, pilot, 60_000);
  }

  static Reading reading(
      int pwmPercent, boolean contactorClosed, PilotVoltage pilot, long uptimeMillis) {
    return new Reading(
        "Garage",
        pwmPercent,
        contactorClosed,
        new Measurements(
            pilot,
            ProximityPilot.AMP_20,
            2301,
            2305,
            2292,
            1542,
            1539,
            99,
            -67,
            uptimeMillis,
            0,
            0,
            "1: text\0"));
  }

  static ControlStatus status(
      ControlState state, @Nullable Why why, PilotVoltage pilot, boolean charging) {
    return status(state, why, pilot, charging, true, 160, List.of(), OptionalLong.empty());
  }

  static ControlStatus status(
      ControlState state,
      @Nullable Why why,
      @Nullable PilotVoltage pilot,
      boolean charging,
      boolean enabled,
      int limitDeciamps,
      List<LatchedError> errors,
      OptionalLong startAtNanos) {
    return new ControlStatus(
        state,
        why,
        why == null ? null : why.sentence(60),
        enabled,
        limitDeciamps,
        160,
        LimitedBy.CABLE,
        state == ControlState.OFFLINE ? null : 156,
        160,
        200,
        pilot,
        charging,
        state == ControlState.OFFLINE ? null : charging,
        errors,
        LifeSign.ALIVE,
        new ProtectionStatus(true, false, true),
        startAtNanos,
        0,
        0);
  }
}
