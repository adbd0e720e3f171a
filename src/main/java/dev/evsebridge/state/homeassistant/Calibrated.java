package dev.evsebridge.state.homeassistant;

import dev.evsebridge.config.SensorKeys;
import java.util.List;
import java.util.Optional;

/**
 * What of a charger is calibrated; all else has no values, and so no entities.
 *
 * @param currents of L1, L2 and L3
 * @param voltages of L1, L2 and L3
 */
record Calibrated(List<Boolean> currents, List<Boolean> voltages) {

  Calibrated {
    currents = List.copyOf(currents);
    voltages = List.copyOf(voltages);
  }

  static Calibrated by(SensorKeys keys) {
    return new Calibrated(there(keys.currents()), there(keys.voltages()));
  }

  private static List<Boolean> there(List<Optional<SensorKeys.Line>> lines) {
    return lines.stream().map(Optional::isPresent).toList();
  }

  boolean current(int phase) {
    return currents.get(phase - 1);
  }

  boolean voltage(int phase) {
    return voltages.get(phase - 1);
  }

  /** Power sums up the phases with both, and energy follows power. */
  boolean power() {
    for (int phase = 1; phase <= currents.size(); phase++) {
      if (current(phase) && voltage(phase)) {
        return true;
      }
    }
    return false;
  }
}
