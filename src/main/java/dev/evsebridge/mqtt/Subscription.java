package dev.evsebridge.mqtt;

import org.eclipse.paho.mqttv5.common.MqttMessage;

/**
 * What a route wants to receive.
 *
 * @param topicFilter may hold wildcards
 * @param qos 0, 1 or 2
 * @param receiver takes the messages, on the connection's thread; must not block
 * @param withoutOwn whether what the bridge itself publishes is left out
 */
record Subscription(String topicFilter, int qos, Receiver receiver, boolean withoutOwn) {

  Subscription(String topicFilter, int qos, Receiver receiver) {
    this(topicFilter, qos, receiver, false);
  }

  /** Takes a message. */
  @FunctionalInterface
  interface Receiver {
    /**
     * Takes a message.
     *
     * @param arrivedAtNanos the earliest moment at which it can have arrived, by {@link
     *     System#nanoTime}
     */
    void received(String topic, MqttMessage message, long arrivedAtNanos);
  }
}
