package dev.evsebridge.control;

/**
 * What the controller wants done, in this order. Whoever carries it out keeps a queue per charger;
 * urgent commands go to its head and may be written while another request is unanswered (in their
 * own order). A command that {@linkplain #withdraws withdraws} one still waiting in the queue takes
 * it out: an overtaken close must never be written after the open that overtook it.
 */
public sealed interface Command {

  /** Sets the duty cycle: 0, 10 to 96, or 100 percent. Urgent when it lowers the offer. */
  record SetPwm(int percent, boolean urgent) implements Command {
    @Override
    public boolean withdraws(Command waiting) {
      return waiting instanceof SetPwm
          || (percent == DutyCycle.NO_OFFER
              && waiting instanceof SetContactor contactor
              && contactor.closed);
    }
  }

  /** Closes or opens the contactor; opening is urgent. */
  record SetContactor(boolean closed) implements Command {
    @Override
    public boolean urgent() {
      return !closed;
    }

    @Override
    public boolean withdraws(Command waiting) {
      return waiting instanceof SetContactor;
    }
  }

  /** Asks for a reading. Its response is the event {@link Event.Reading}. */
  record Collect() implements Command {
    @Override
    public boolean urgent() {
      return false;
    }

    @Override
    public boolean withdraws(Command waiting) {
      return waiting instanceof Collect;
    }
  }

  /**
   * Asks for nothing but a response: what was told before that has been heard by then.
   *
   * @param number tells it from earlier ones
   */
  record Ping(long number) implements Command {
    @Override
    public boolean urgent() {
      return false;
    }

    @Override
    public boolean withdraws(Command waiting) {
      return false;
    }
  }

  /** Closes the session, after what was commanded before has been written. */
  record CloseSession(CloseReason reason) implements Command {
    @Override
    public boolean urgent() {
      return false;
    }

    @Override
    public boolean withdraws(Command waiting) {
      return false;
    }
  }

  /** Why a session is closed. */
  enum CloseReason {
    /** Readings have stopped coming. */
    NO_READINGS,
    /** Opening was not acknowledged, twice. */
    NO_RESPONSE,
    /** The bridge stops. */
    BRIDGE_STOPPING
  }

  /** Whether it belongs at the head of the charger's queue. */
  boolean urgent();

  /** Whether it takes another command, queued but not yet written, out of the queue. */
  boolean withdraws(Command waiting);
}
