package dev.evsebridge.mqtt;

import dev.evsebridge.charger.session.Deadline;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Endpoint;
import org.apache.camel.support.DefaultConsumer;
import org.eclipse.paho.mqttv5.common.MqttMessage;

/**
 * Gives a route what arrives on the bridge's connection. Besides the headers of the stock component
 * it sets the one that says whether the message came from the broker's retained store, and an
 * exchange property that says when it arrived.
 */
final class SharedConsumer extends DefaultConsumer {

  private final BrokerConnection connection;
  private final PahoMqtt5Endpoint endpoint;
  private int subscriptionId;

  SharedConsumer(PahoMqtt5Endpoint endpoint, Processor processor, BrokerConnection connection) {
    super(endpoint, processor);
    this.endpoint = endpoint;
    this.connection = connection;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    subscriptionId =
        connection.subscribe(
            new Subscription(
                endpoint.getTopic(), endpoint.getConfiguration().getQos(), this::received));
  }

  @Override
  protected void doStop() throws Exception {
    connection.unsubscribe(subscriptionId);
    super.doStop();
  }

  private void received(String topic, MqttMessage mqtt, long arrivedAtNanos) {
    Exchange exchange = createExchange(true);
    Message message = exchange.getMessage();
    message.setBody(mqtt.getPayload());
    message.setHeader(PahoMqtt5Constants.MQTT_TOPIC, topic);
    message.setHeader(PahoMqtt5Constants.MQTT_QOS, mqtt.getQos());
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, mqtt.isRetained());
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, mqtt.getProperties());
    exchange.setProperty(Deadline.ARRIVED_AT_NANOS, arrivedAtNanos);
    getAsyncProcessor().process(exchange, defaultConsumerCallback(exchange, true));
  }
}
