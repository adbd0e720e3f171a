package dev.evsebridge.config;

import java.util.List;
import java.util.Optional;

/**
 * What is set under {@code sensors.} for one charger, or for all: how readings become currents and
 * voltages.
 *
 * @param currents of L1, L2 and L3; a calibrated value is in milliamperes
 * @param voltages of L1, L2 and L3; a calibrated value is in millivolts
 */
public record SensorKeys(List<Optional<Line>> currents, List<Optional<Line>> voltages) {

  /** Copies the lists. */
  public SensorKeys {
    currents = List.copyOf(currents);
    voltages = List.copyOf(voltages);
  }

  /**
   * A straight line: {@code max(0, (adc - offset) * slope / divider)}.
   *
   * @param offset the raw value at zero
   * @param slope above 0
   * @param divider above 0
   */
  public record Line(double offset, double slope, double divider) {}
}
