package dev.evsebridge.control;

import java.util.Locale;

/**
 * Why a car is not being charged: a closed list, in the order in which reasons are tried; the first
 * that holds is told. People read the sentence at night, next to the charger.
 */
public enum Why {
  OFFLINE("The charger is not connected to the bridge."),
  NO_READING("The charger has connected but has not reported its state yet."),
  FIRMWARE_UPDATE("The charger is taking in firmware."),
  CONTACTOR_WELDED(
      "Current flows although the contactor is open: switch off the supply and have the contactor"
          + " checked."),
  CONTACTOR_DISOBEYS("The charger reports another contactor state than it was told."),
  FOREIGN_CONTROL("Something else keeps changing this charger's contactor or pilot signal."),
  OVERCURRENT("The car drew more than it was allowed; unplug it or reset the error."),
  PILOT_FAULT("The pilot line to the car is faulty; unplug the car or reset the error."),
  PILOT_FAULT_WAIT("The pilot line was faulty; another attempt follows."),
  SUPPLY_VOLTAGE("The supply voltage is out of range."),
  BRIDGE_STOPPING("The bridge is shutting down."),
  BROKER_LOST("The broker is unreachable, and no current is allowed without it."),
  CONTROL_SILENT("The external control is silent, and no current is allowed without it."),
  /** Before the set-points: while a stop runs they have been taken, but power still flows. */
  STOPPING("Charging is being ended; waiting for the car to stop drawing."),
  DISABLED("Charging is switched off."),
  LIMIT_ZERO("The current limit is 0 A."),
  LIMIT_BELOW_MINIMUM("The current limit is below the minimum of %s A."),
  NO_VEHICLE("No car is plugged in."),
  NO_CABLE_RATING("No cable is recognised, so no current can be offered."),
  CABLE_TOO_SMALL("The cable is rated below the minimum current."),
  VENTILATION_REQUIRED("The car asks for ventilation, which is not available."),
  MIN_OFF("A short pause protects the contactor."),
  RESTART_DELAY("Waiting before the next start after a stop by the limit."),
  TOO_MANY_STARTS("There were too many starts within an hour; the next one waits."),
  STARTING("The car asks for power; the contactor is about to close."),
  WAKING_CAR("The car has not asked for power; it is being woken up."),
  CAR_NOT_ASKING(
      "Current is offered, but the car does not ask for it (full, scheduled or asleep)."),
  CAR_PAUSED("The car asked for power earlier and has paused."),
  /** Only without the charge controller. */
  NOT_OFFERED("No current is offered."),
  /** Only without the charge controller. */
  CONTACTOR_OPEN("The contactor is open.");

  private final String code;
  private final String sentence;
  private final boolean namesAmps;

  Why(String sentence) {
    this.code = name().toLowerCase(Locale.ROOT);
    this.sentence = sentence;
    this.namesAmps = sentence.contains("%s");
  }

  /** As published, for instance {@code no_vehicle}. */
  public String code() {
    return code;
  }

  /**
   * As published, for people.
   *
   * @param minDeciamps the minimum current that one of the sentences names
   */
  public String sentence(int minDeciamps) {
    // Each state of a charger has one, and formatting it takes as long as half of the state.
    return namesAmps ? sentence.formatted(amps(minDeciamps)) : sentence;
  }

  static String amps(int deciamps) {
    return deciamps % 10 == 0
        ? Integer.toString(deciamps / 10)
        : "%d.%d".formatted(deciamps / 10, deciamps % 10);
  }
}
