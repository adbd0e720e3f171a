package dev.evsebridge.mqtt;

/** Is told, on the connection's own thread, when the broker comes and goes. */
public interface BrokerListener {

  /** The broker is there and has confirmed all subscriptions. */
  void brokerConnected();

  /** The broker is gone; reconnecting is under way. */
  void brokerLost();
}
