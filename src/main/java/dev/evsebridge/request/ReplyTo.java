package dev.evsebridge.request;

import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.mqtt.LocalReply;
import dev.evsebridge.mqtt.Topics;
import java.nio.charset.StandardCharsets;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/** Where a request of MQTT 5 wants its response: Response Topic and Correlation Data. */
final class ReplyTo {

  /**
   * Some brokers accept longer ones here and then end the connection on which the response comes:
   * Mosquitto from 201 levels on, EMQX from 129.
   */
  private static final int MOST_LEVELS = 128;

  private static final int LONGEST_TOPIC_BYTES = 1_024;

  /** What was longer than 32 767 bytes comes cut to that; so that length is refused as well. */
  private static final int LONGEST_CORRELATION_BYTES = 32_766;

  private final String topic;
  private final byte @Nullable [] correlationData;
  private final @Nullable LocalReply local;

  private ReplyTo(String topic, byte @Nullable [] correlationData, @Nullable LocalReply local) {
    this.topic = topic;
    this.correlationData = correlationData;
    this.local = local;
  }

  static @Nullable ReplyTo of(@Nullable MqttProperties properties, OwnTopics ownTopics) {
    if (properties instanceof LocalReply reply) {
      return new ReplyTo(LocalReply.TOPIC, null, reply);
    }
    if (properties == null || properties.getResponseTopic() == null) {
      return null;
    }
    String topic = properties.getResponseTopic();
    try {
      Topics.check(topic);
    } catch (IllegalArgumentException e) {
      throw invalid("The Response Topic must be a topic without wildcards and control characters.");
    }
    if (topic.getBytes(StandardCharsets.UTF_8).length > LONGEST_TOPIC_BYTES
        || topic.chars().filter(c -> c == '/').count() >= MOST_LEVELS) {
      throw invalid(
          "The Response Topic must have at most %d bytes and %d levels."
              .formatted(LONGEST_TOPIC_BYTES, MOST_LEVELS));
    }
    if (ownTopics.contains(topic)) {
      throw invalid(
          "The Response Topic must not be one of the bridge's own topics (docs/mqtt-api.md, Request and response).");
    }
    byte[] correlation = properties.getCorrelationData();
    if (correlation != null && correlation.length > LONGEST_CORRELATION_BYTES) {
      throw invalid(
          "The Correlation Data must have at most %d bytes.".formatted(LONGEST_CORRELATION_BYTES));
    }
    return new ReplyTo(topic, correlation, null);
  }

  private static RequestFailedException invalid(String detail) {
    return new RequestFailedException(ErrorCode.INVALID_VALUE, detail);
  }

  String topic() {
    return topic;
  }

  MqttProperties properties() {
    if (local != null) {
      return local;
    }
    MqttProperties properties = new MqttProperties();
    if (correlationData != null) {
      properties.setCorrelationData(correlationData);
    }
    return properties;
  }
}
