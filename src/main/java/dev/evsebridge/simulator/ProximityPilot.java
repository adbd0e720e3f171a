package dev.evsebridge.simulator;

/** The cable in the socket, with its code on the wire and a plausible ADC reading. */
enum ProximityPilot {
  AMP_20(1, 20, 1234),
  AMP_32(2, 32, 540),
  NO_CABLE(3, 0, 4095);

  final int wireCode;
  final int ratedAmps;
  final int adcReading;

  ProximityPilot(int wireCode, int ratedAmps, int adcReading) {
    this.wireCode = wireCode;
    this.ratedAmps = ratedAmps;
    this.adcReading = adcReading;
  }
}
