package dev.evsebridge.state;

import dev.evsebridge.config.SensorKeys;
import dev.evsebridge.config.SensorKeys.Line;
import dev.evsebridge.control.Calibration;
import dev.evsebridge.control.PhaseCalibration;
import dev.evsebridge.control.PhaseValues;
import dev.evsebridge.message.Measurements;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes amperes and volts of the raw readings of one charger, as far as it is calibrated. */
record Sensors(PhaseCalibration currents, PhaseCalibration voltages) {

  private static final int PHASES = 3;
  private static final double MICROWATTS_PER_WATT = 1_000_000.0;

  static final Sensors NONE = new Sensors(PhaseCalibration.NONE, PhaseCalibration.NONE);

  static Sensors of(SensorKeys keys) {
    return new Sensors(phases(keys.currents()), phases(keys.voltages()));
  }

  private static PhaseCalibration phases(List<Optional<Line>> lines) {
    return new PhaseCalibration(
        calibration(lines.get(0)), calibration(lines.get(1)), calibration(lines.get(2)));
  }

  private static @Nullable Calibration calibration(Optional<Line> line) {
    return line.map(each -> new Calibration(each.offset(), each.slope(), each.divider()))
        .orElse(null);
  }

  /** In milliamperes. */
  PhaseValues currents(Measurements raw) {
    return currents.values(raw.phase1Milliamps(), raw.phase2Milliamps(), raw.phase3Milliamps());
  }

  /** In millivolts. */
  PhaseValues voltages(Measurements raw) {
    return voltages.values(raw.phase1Millivolts(), raw.phase2Millivolts(), raw.phase3Millivolts());
  }

  /** The power that a reading shows; null when no phase has both current and voltage. */
  @Nullable Double watts(Measurements raw) {
    return this.equals(NONE) ? null : watts(currents(raw), voltages(raw));
  }

  /** The sum over the phases with both; the power factor is taken as 1. */
  static @Nullable Double watts(PhaseValues milliamps, PhaseValues millivolts) {
    double watts = 0;
    boolean any = false;
    for (int phase = 1; phase <= PHASES; phase++) {
      Integer amps = of(milliamps, phase);
      Integer volts = of(millivolts, phase);
      if (amps != null && volts != null) {
        watts += (double) amps * volts / MICROWATTS_PER_WATT;
        any = true;
      }
    }
    return any ? watts : null;
  }

  private static @Nullable Integer of(PhaseValues values, int phase) {
    return switch (phase) {
      case 1 -> values.l1();
      case 2 -> values.l2();
      default -> values.l3();
    };
  }
}
