package dev.evsebridge.simulator;

/**
 * The category that the charger makes of the control pilot's peak, with its code on the wire and a
 * peak as the charger's ADC (0 to 4095) sees it.
 */
public enum PilotVoltage {
  /** No car: IEC 61851-1 state A. */
  VOLT_12(0, 3102),
  /** A car is connected: state B. */
  VOLT_9(1, 2192),
  /** A car asks for power: state C. */
  VOLT_6(2, 1364),
  /** A car asks for power and ventilation: state D. */
  VOLT_3(3, 640),
  /** Nothing positive: states E and F. */
  FAULT(4, 35);

  final int wireCode;
  final int adcPeak;

  PilotVoltage(int wireCode, int adcPeak) {
    this.wireCode = wireCode;
    this.adcPeak = adcPeak;
  }

  /** Whether a car that shows this asks for power. */
  boolean asksForPower() {
    return this == VOLT_6 || this == VOLT_3;
  }
}
