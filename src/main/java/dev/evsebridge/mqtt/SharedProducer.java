package dev.evsebridge.mqtt;

import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Endpoint;
import org.apache.camel.support.DefaultProducer;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.util.MqttTopicValidator;

/**
 * Hands messages to the bridge's connection, which keeps them until the broker has them. The step
 * is done when the message has been taken: it waits for nobody.
 */
final class SharedProducer extends DefaultProducer {

  private final BrokerConnection connection;
  private final PahoMqtt5Endpoint endpoint;

  SharedProducer(PahoMqtt5Endpoint endpoint, BrokerConnection connection) {
    super(endpoint);
    this.endpoint = endpoint;
    this.connection = connection;
  }

  @Override
  public void process(Exchange exchange) throws MqttException {
    Message message = exchange.getMessage();
    String topic = endpoint.getTopic();
    int qos = endpoint.getConfiguration().getQos();
    boolean retained = endpoint.getConfiguration().isRetained();
    MqttProperties properties = null;
    if (message.hasHeaders()) {
      topic = message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, topic, String.class);
      qos = message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_QOS, qos, Integer.class);
      retained =
          message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, retained, Boolean.class);
      properties =
          message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, MqttProperties.class);
    }
    check(topic, qos);
    byte[] payload = message.getBody(byte[].class);
    connection.publish(
        new OutgoingMessage(
            topic,
            payload == null ? new byte[0] : payload,
            qos,
            retained,
            properties == null ? new MqttProperties() : properties));
  }

  /** What the client can't send would break the connection, now and after every reconnect. */
  private static void check(String topic, int qos) {
    MqttTopicValidator.validate(topic, false, false);
    if (topic.codePoints().anyMatch(SharedProducer::isForbidden)) {
      throw new IllegalArgumentException("a topic may not hold control characters: " + topic);
    }
    if (qos < 0 || qos > 2) {
      throw new IllegalArgumentException("a QoS is 0, 1 or 2: " + qos);
    }
  }

  /** MQTT 5, section 1.5.4: control characters, halves of pairs, and what is no character. */
  private static boolean isForbidden(int codePoint) {
    return Character.isISOControl(codePoint)
        || Character.getType(codePoint) == Character.SURROGATE
        || (codePoint & 0xFFFE) == 0xFFFE
        || (codePoint >= 0xFDD0 && codePoint <= 0xFDEF);
  }
}
