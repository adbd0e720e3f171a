package dev.evsebridge.simulator;

/**
 * What the firmware makes of its two pilots: a category each, that follows the line.
 *
 * <p>A control pilot of 6 V is believed to have ended only when the line has been stable for the
 * debounce time, and the clock of that starts anew at each change. Every other change of the
 * control pilot is taken at once; a change of the proximity pilot only when it has been stable as
 * long.
 */
final class PilotReader {
  private final long debounceMillis;

  private PilotVoltage pilotVoltage = PilotVoltage.VOLT_12;
  private PilotVoltage lastPilotVoltage = PilotVoltage.VOLT_12;
  private long pilotVoltageSince;
  private int pilotAdc;

  private ProximityPilot proximityPilot;
  private ProximityPilot lastProximityPilot;
  private long proximityPilotSince;
  private int proximityAdc;

  private PilotReader(long debounceMillis, ProximityPilot proximityPilot, long nowMillis) {
    this.debounceMillis = debounceMillis;
    this.proximityPilot = proximityPilot;
    this.lastProximityPilot = proximityPilot;
    this.pilotVoltageSince = nowMillis;
    this.proximityPilotSince = nowMillis;
  }

  /** As it is for a while after a reset: the firmware takes a cable of 32 A for granted. */
  static PilotReader afterReset(long debounceMillis, long nowMillis) {
    return new PilotReader(debounceMillis, ProximityPilot.AMP_32, nowMillis);
  }

  /** As it is with nothing plugged in for long. */
  static PilotReader settled(long debounceMillis, long nowMillis) {
    return new PilotReader(debounceMillis, ProximityPilot.NO_CABLE, nowMillis);
  }

  /** Looks at the lines. True when a category has changed. */
  boolean sample(long nowMillis, PilotVoltage pilotLine, ProximityPilot proximityLine) {
    if (pilotLine != lastPilotVoltage) {
      lastPilotVoltage = pilotLine;
      pilotVoltageSince = nowMillis;
    }
    if (proximityLine != lastProximityPilot) {
      lastProximityPilot = proximityLine;
      proximityPilotSince = nowMillis;
    }
    boolean changed = false;
    if (lastPilotVoltage != pilotVoltage
        && (pilotVoltage != PilotVoltage.VOLT_6
            || nowMillis - pilotVoltageSince >= debounceMillis)) {
      pilotVoltage = lastPilotVoltage;
      pilotAdc = pilotVoltage.adcPeak;
      changed = true;
    }
    if (lastProximityPilot != proximityPilot && nowMillis - proximityPilotSince >= debounceMillis) {
      proximityPilot = lastProximityPilot;
      proximityAdc = proximityPilot.adcPeak;
      changed = true;
    }
    return changed;
  }

  PilotVoltage pilotVoltage() {
    return pilotVoltage;
  }

  ProximityPilot proximityPilot() {
    return proximityPilot;
  }

  /** The peak at the last change of the category, 0 before the first. */
  int pilotAdc() {
    return pilotAdc;
  }

  /** The peak at the last change of the category, 0 before the first. */
  int proximityAdc() {
    return proximityAdc;
  }
}
