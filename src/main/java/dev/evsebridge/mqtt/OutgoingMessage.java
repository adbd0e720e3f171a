package dev.evsebridge.mqtt;

import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way to the broker.
 *
 * <p>Not a record: two messages of the same content are two messages.
 */
final class OutgoingMessage {

  /** MQTT 5: fixed header, topic length, packet id, and the properties that the bridge sets. */
  private static final long HEADER_BYTES_AT_MOST = 64;

  /** MQTT 5, section 2.2.2: identifier and two lengths. */
  private static final int USER_PROPERTY_BYTES = 5;

  /** The message and its parts without what they hold. */
  private static final int OBJECTS_BYTES = 200;

  private final String topic;
  private final byte[] payload;
  private final int qos;
  private final boolean retained;
  private final MqttProperties properties;
  private final @Nullable Receipt receipt;
  private boolean onlyOnThisConnection;
  private long sentAtNanos;
  private boolean done;
  private boolean suspect;
  private int endedConnections;

  OutgoingMessage(
      String topic, byte[] payload, int qos, boolean retained, MqttProperties properties) {
    this(topic, payload, qos, retained, properties, null);
  }

  OutgoingMessage(
      String topic,
      byte[] payload,
      int qos,
      boolean retained,
      MqttProperties properties,
      @Nullable Receipt receipt) {
    this.receipt = receipt;
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retained = retained;
    this.properties = properties;
  }

  /** Has it sent on the connection of this moment or not at all: later it may be wrong. */
  OutgoingMessage onlyOnThisConnection() {
    onlyOnThisConnection = true;
    return this;
  }

  boolean isOnlyForThisConnection() {
    return onlyOnThisConnection;
  }

  /** Length of the payload. */
  int payloadBytes() {
    return payload.length;
  }

  /** An upper bound for the length of the packet on the network. */
  long packetBytesAtMost() {
    byte[] correlation = properties.getCorrelationData();
    long bytes =
        payload.length
            + HEADER_BYTES_AT_MOST
            + textBytesAtMost(topic)
            + textBytesAtMost(properties.getResponseTopic())
            + textBytesAtMost(properties.getContentType())
            + (correlation == null ? 0 : correlation.length);
    for (UserProperty property : properties.getUserProperties()) {
      bytes += USER_PROPERTY_BYTES;
      bytes += textBytesAtMost(property.getKey()) + textBytesAtMost(property.getValue());
    }
    return bytes;
  }

  private static long textBytesAtMost(@Nullable String text) {
    return text == null ? 0 : 3L * text.length();
  }

  /** About what it takes of the heap. */
  int heapBytes() {
    byte[] correlation = properties.getCorrelationData();
    return payload.length
        + OBJECTS_BYTES
        + topic.length()
        + (correlation == null ? 0 : correlation.length);
  }

  /** Who wants to know what became of it. */
  @Nullable Receipt receipt() {
    return receipt;
  }

  /** Whether a connection ended while it was in flight. */
  boolean isSuspect() {
    return suspect;
  }

  void suspect(boolean nowSuspect) {
    suspect = nowSuspect;
  }

  /** Counts one more connection that ended while it was the oldest in flight. */
  int countEndedConnection() {
    return ++endedConnections;
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
