package dev.evsebridge.mqtt;

import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/**
 * A message on its way to the broker.
 *
 * <p>Not a record: two messages of the same content are two messages.
 */
final class OutgoingMessage {

  /** MQTT 5: fixed header, topic length, packet id, and the properties that the bridge sets. */
  private static final long HEADER_BYTES_AT_MOST = 64;

  private final String topic;
  private final byte[] payload;
  private final int qos;
  private final boolean retained;
  private final MqttProperties properties;
  private long sentAtNanos;
  private boolean done;

  OutgoingMessage(
      String topic, byte[] payload, int qos, boolean retained, MqttProperties properties) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retained = retained;
    this.properties = properties;
  }

  /** Length of the payload. */
  int payloadBytes() {
    return payload.length;
  }

  /** An upper bound for the length of the packet on the network. */
  long packetBytesAtMost() {
    byte[] correlation = properties.getCorrelationData();
    return payload.length
        + HEADER_BYTES_AT_MOST
        + 3L * topic.length()
        + (correlation == null ? 0 : correlation.length);
  }

  String topic() {
    return topic;
  }

  int qos() {
    return qos;
  }

  /** A fresh one for each attempt: the client writes into it. */
  MqttMessage toMqtt() {
    MqttMessage message = new MqttMessage(payload, qos, retained, null);
    MqttProperties fresh = new MqttProperties();
    fresh.setCorrelationData(properties.getCorrelationData());
    fresh.setResponseTopic(properties.getResponseTopic());
    fresh.setContentType(properties.getContentType());
    fresh.setPayloadFormat(properties.getPayloadFormat());
    fresh.setMessageExpiryInterval(properties.getMessageExpiryInterval());
    fresh.setUserProperties(properties.getUserProperties());
    message.setProperties(fresh);
    return message;
  }

  long sentAtNanos() {
    return sentAtNanos;
  }

  void sent(long nowNanos) {
    sentAtNanos = nowNanos;
    done = false;
  }

  boolean done() {
    return done;
  }

  void markDone() {
    done = true;
  }
}
