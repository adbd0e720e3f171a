package dev.evsebridge.state;

/** Takes what is to be published of chargers; from any thread, without blocking. */
public interface StatePublisher {

  /** The state of a charger. What waits of the same charger is out of date then. */
  void state(String clientId, ChargerState state);

  /** A finished session of a charger. What waits of the same charger is out of date then. */
  void session(String clientId, SessionReport report);

  /** A line of a charger's log; it is dropped when too many wait. */
  void log(String clientId, LogLine line);

  /**
   * Nothing is to stand retained on a topic any more.
   *
   * @param topic in full
   */
  void clear(String topic);

  /** Runs what says several things, one after the other, which then costs less. */
  default void together(Runnable says) {
    says.run();
  }

  /** Publishes nothing. */
  static StatePublisher nowhere() {
    return new StatePublisher() {
      @Override
      public void state(String clientId, ChargerState state) {}

      @Override
      public void session(String clientId, SessionReport report) {}

      @Override
      public void log(String clientId, LogLine line) {}

      @Override
      public void clear(String topic) {}
    };
  }
}
