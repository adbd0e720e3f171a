package dev.evsebridge.mqtt;

/** Is told, on the connection's own thread, when the broker comes and goes. */
public interface BrokerListener {

  /**
   * The bridge can be asked and heard: the broker has granted the bridge's own subscription and has
   * acknowledged its availability. Whether this lasts is not known yet.
   */
  void brokerConnected();

  /**
   * The connection works: it has been as in {@link #brokerConnected} for ten seconds. A broker that
   * ends each connection after a moment never comes so far.
   */
  default void brokerProven() {}

  /** The broker is gone, after {@link #brokerConnected}; reconnecting is under way. */
  void brokerLost();
}
