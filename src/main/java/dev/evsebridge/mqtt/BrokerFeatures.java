package dev.evsebridge.mqtt;

/**
 * What the broker can do, as far as the bridge may ask for it when it connects: a broker refuses a
 * last will that is beyond it, and says only then what is.
 *
 * @param retain whether it keeps retained messages
 * @param maximumQos 0, 1 or 2
 */
record BrokerFeatures(boolean retain, int maximumQos) {

  static final BrokerFeatures ALL = new BrokerFeatures(true, 2);

  BrokerFeatures withoutRetain() {
    return new BrokerFeatures(false, maximumQos);
  }

  BrokerFeatures withLowerQos() {
    // The last will has QoS 1.
    return new BrokerFeatures(retain, 0);
  }
}
