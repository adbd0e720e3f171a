package dev.evsebridge.testkit;

/** Raw readings that become 230 V and 3 200 A: that energy can be seen within seconds. */
public final class VisibleEnergy {

  private VisibleEnergy() {}

  /** Calibrates a bridge for all chargers. */
  public static BridgeProcess.Builder calibrated(BridgeProcess.Builder bridge) {
    for (int phase = 1; phase <= 3; phase++) {
      bridge.property("sensors.voltage_l" + phase, "0,100,1");
      bridge.property("sensors.current_l" + phase, "0,1000,1");
    }
    return bridge;
  }

  /** What a charger says then, with a duty cycle that offers 32 A. */
  public static ChargerReading reading() {
    return ChargerReading.typical()
        .millivolts(2300, 2300, 2300)
        .milliamps(3200, 3200, 3200)
        .pwmPercent(53);
  }
}
