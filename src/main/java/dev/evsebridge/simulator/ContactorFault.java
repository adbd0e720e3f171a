package dev.evsebridge.simulator;

/** What is wrong with a contactor. */
public enum ContactorFault {
  NONE,
  /** The contacts stay closed once they are, while the pin that drives them follows. */
  WELDED,
  /** The pin stays as it is, whatever the firmware is told. */
  STUCK_PIN
}
