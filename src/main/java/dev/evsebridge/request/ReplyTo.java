package dev.evsebridge.request;

import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.util.MqttTopicValidator;
import org.jspecify.annotations.Nullable;

/** Where a request of MQTT 5 wants its answer: Response Topic and Correlation Data. */
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
      MqttTopicValidator.validate(topic, false, false);
    } catch (IllegalArgumentException e) {
      throw new RequestFailedException(
          ErrorCode.INVALID_VALUE, "The Response Topic must be a topic without wildcards.");
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
