package dev.evsebridge.mqtt;

import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Endpoint;
import org.apache.camel.support.DefaultProducer;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/**
 * Hands messages to the bridge's connection, which keeps them until the broker has them. The step
 * is done when the message has been taken: it waits for nobody.
 */
final class SharedProducer extends DefaultProducer {

  /** Of most messages; nobody changes those of a message that waits. */
  private static final MqttProperties NO_PROPERTIES = new MqttProperties();

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
    MqttProperties properties = NO_PROPERTIES;
    Receipt receipt = null;
    if (message.hasHeaders()) {
      topic = message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, topic, String.class);
      qos = message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_QOS, qos, Integer.class);
      retained =
          message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, retained, Boolean.class);
      properties =
          message.getHeader(
              PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, NO_PROPERTIES, MqttProperties.class);
      receipt = message.getHeader(Receipt.HEADER, Receipt.class);
    }
    if (!topic.equals(endpoint.getTopic())) {
      Topics.check(topic);
    }
    if (qos < 0 || qos > 2) {
      throw new IllegalArgumentException("a QoS is 0, 1 or 2: " + qos);
    }
    byte[] payload = message.getBody(byte[].class);
    if (properties instanceof LocalReply local) {
      local.deliver(payload == null ? new byte[0] : payload);
      return;
    }
    connection.publish(
        new OutgoingMessage(
            topic, payload == null ? new byte[0] : payload, qos, retained, properties, receipt));
  }

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    Topics.check(endpoint.getTopic());
  }
}
