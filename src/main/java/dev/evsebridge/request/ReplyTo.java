package dev.evsebridge.request;

import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.mqtt.Topics;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/** Where a request of MQTT 5 wants its response: Response Topic and Correlation Data. */
final class ReplyTo {

  private final String topic;
  private final byte @Nullable [] correlationData;

  private ReplyTo(String topic, byte @Nullable [] correlationData) {
    this.topic = topic;
    this.correlationData = correlationData;
  }

  static @Nullable ReplyTo of(@Nullable MqttProperties properties) {
    if (properties == null || properties.getResponseTopic() == null) {
      return null;
    }
    String topic = properties.getResponseTopic();
    try {
      Topics.check(topic);
    } catch (IllegalArgumentException e) {
      throw new RequestFailedException(
          ErrorCode.INVALID_VALUE,
          "The Response Topic must be a topic without wildcards and control characters.");
    }
    return new ReplyTo(topic, properties.getCorrelationData());
  }

  String topic() {
    return topic;
  }

  MqttProperties properties() {
    MqttProperties properties = new MqttProperties();
    if (correlationData != null) {
      properties.setCorrelationData(correlationData);
    }
    return properties;
  }
}
