package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a controller has to tell. Currents are in tenths of an ampere.
 *
 * @param why why it is not charging; null exactly in state CHARGING
 * @param whyText its sentence
 * @param enabled the set-point in force
 * @param limitDeciamps the set-point in force
 * @param allowedDeciamps the smallest of all limits, 0 below the minimum
 * @param limitedBy which of them that is
 * @param offeredDeciamps what the duty cycle allows now; null when unknown
 * @param maxDeciamps the smaller of circuit and cable
 * @param cableDeciamps null when no cable is recognised
 * @param pilot null when unknown; while a car is being woken, what it was before
 * @param charging contactor closed and the car in state C or D, also while a stop runs
 * @param contactorClosed null when unknown
 * @param errors latched errors, the gravest first
 * @param life whether the external control lives
 * @param protection what calibration makes possible
 * @param startAtNanos when a delayed start is due, on the monotonic clock
 * @param switchings how often the contactor has switched
 * @param openingsUnderLoad how often it was opened while the car was still drawing
 */
public record ControlStatus(
    ControlState state,
    @Nullable Why why,
    @Nullable String whyText,
    boolean enabled,
    int limitDeciamps,
    int allowedDeciamps,
    LimitedBy limitedBy,
    @Nullable Integer offeredDeciamps,
    int maxDeciamps,
    @Nullable Integer cableDeciamps,
    @Nullable PilotVoltage pilot,
    boolean charging,
    @Nullable Boolean contactorClosed,
    List<LatchedError> errors,
    LifeSign life,
    ProtectionStatus protection,
    OptionalLong startAtNanos,
    long switchings,
    long openingsUnderLoad) {

  /**
   * For each protection whether all its sensors are calibrated; else it sees nothing or not all.
   */
  public record ProtectionStatus(boolean overcurrent, boolean weld, boolean voltage) {}

  /**
   * The same with other set-points.
   *
   * @param newEnabled null to keep the present one
   * @param newLimitDeciamps null to keep the present one
   */
  public ControlStatus withSetPoints(
      @Nullable Boolean newEnabled, @Nullable Integer newLimitDeciamps) {
    return new ControlStatus(
        state,
        why,
        whyText,
        newEnabled == null ? enabled : newEnabled,
        newLimitDeciamps == null ? limitDeciamps : newLimitDeciamps,
        allowedDeciamps,
        limitedBy,
        offeredDeciamps,
        maxDeciamps,
        cableDeciamps,
        pilot,
        charging,
        contactorClosed,
        errors,
        life,
        protection,
        startAtNanos,
        switchings,
        openingsUnderLoad);
  }

  /** Whether a car is plugged in; null when the pilot does not tell. */
  public @Nullable Boolean vehiclePresent() {
    boolean unknown = pilot == null || pilot == PilotVoltage.FAULT;
    return unknown ? null : pilot != PilotVoltage.VOLT_12;
  }

  /**
   * The state as chargers and controls usually name it: A no car, B car but no power, C charging, E
   * fault, F not available.
   */
  public String letter() {
    if (pilot == null || state == ControlState.OFFLINE || state == ControlState.FIRMWARE) {
      return "F";
    }
    return switch (pilot) {
      case VOLT_12 -> "A";
      case VOLT_9 -> "B";
      case VOLT_6, VOLT_3 -> charging ? "C" : "B";
      case FAULT -> "E";
    };
  }
}
