package dev.evsebridge.simulator;

/**
 * The cable in the socket as its resistor tells, with its code on the wire and a peak as the
 * charger's ADC (0 to 4095) sees it.
 */
public enum ProximityPilot {
  AMP_13(0, 13, 2345),
  AMP_20(1, 20, 1819),
  AMP_32(2, 32, 984),
  NO_CABLE(3, 0, 3082);

  final int wireCode;
  final int ratedAmps;
  final int adcPeak;

  ProximityPilot(int wireCode, int ratedAmps, int adcPeak) {
    this.wireCode = wireCode;
    this.ratedAmps = ratedAmps;
    this.adcPeak = adcPeak;
  }
}
