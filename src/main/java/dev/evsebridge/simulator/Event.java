package dev.evsebridge.simulator;

/**
 * Something that happened at a charger.
 *
 * @param atMillis when, on the simulator's clock
 * @param kind what
 * @param value see {@link Kind}
 */
public record Event(long atMillis, Kind kind, int value) {

  /** What happened, and what the value says. */
  public enum Kind {
    /** The control pilot's line; the value is the code on the wire, 0 (12 V) to 4 (fault). */
    PILOT,
    /** The duty cycle was set; the value is the percentage. */
    DUTY_CYCLE,
    /** The contactor's pin changed; the value is 1 when it closed. */
    CONTACTOR,
    /** A request was complete; the value is its type on the wire. */
    REQUEST,
    /** A frame was sent, or lost on its way; the value is its type on the wire. */
    RESPONSE,
    /** The value is 1 for a new connection, 0 for its end. */
    CONNECTION,
    /** The firmware started anew; the value is its version. */
    RESET
  }
}
