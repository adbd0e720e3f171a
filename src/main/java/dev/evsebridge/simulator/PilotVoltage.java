package dev.evsebridge.simulator;

/** The control pilot as a car sets it, with its code on the wire and a plausible ADC reading. */
enum PilotVoltage {
  /** No car: IEC 61851-1 state A. */
  VOLT_12(0, 4095),
  /** A car is connected: state B. */
  VOLT_9(1, 3480),
  /** A car asks for power: state C. */
  VOLT_6(2, 2860);

  final int wireCode;
  final int adcReading;

  PilotVoltage(int wireCode, int adcReading) {
    this.wireCode = wireCode;
    this.adcReading = adcReading;
  }
}
