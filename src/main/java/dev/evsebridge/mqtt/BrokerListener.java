package dev.evsebridge.mqtt;

/** Is told, on the connection's own thread, when the broker comes and goes. */
public interface BrokerListener {

  /**
   * The broker is there, has confirmed all subscriptions and acknowledged the bridge's
   * availability.
   */
  void brokerConnected();

  /** The connection has worked for 10 s. */
  default void brokerProven() {}

  /** The broker is gone; reconnecting is under way. */
  void brokerLost();
}
