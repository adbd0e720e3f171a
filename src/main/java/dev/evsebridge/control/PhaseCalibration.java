package dev.evsebridge.control;

import org.jspecify.annotations.Nullable;

/** The calibrations of one kind of sensor, per phase; null for a phase that is not calibrated. */
public record PhaseCalibration(
    @Nullable Calibration l1, @Nullable Calibration l2, @Nullable Calibration l3) {

  /** No phase is calibrated. */
  public static final PhaseCalibration NONE = new PhaseCalibration(null, null, null);

  /** Whether all three phases are calibrated. */
  public boolean complete() {
    return l1 != null && l2 != null && l3 != null;
  }

  /** Measured values of three raw ones; unknown where a phase is not calibrated. */
  public PhaseValues values(long adcL1, long adcL2, long adcL3) {
    return new PhaseValues(milli(l1, adcL1), milli(l2, adcL2), milli(l3, adcL3));
  }

  /** The values of those phases that are calibrated: what is not must never reach a decision. */
  PhaseValues calibratedOf(PhaseValues values) {
    return new PhaseValues(
        l1 == null ? null : values.l1(),
        l2 == null ? null : values.l2(),
        l3 == null ? null : values.l3());
  }

  private static @Nullable Integer milli(@Nullable Calibration calibration, long adc) {
    return calibration == null ? null : calibration.milli(adc);
  }
}
