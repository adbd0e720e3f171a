package dev.evsebridge.mqtt;

import org.apache.camel.Processor;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Consumer;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.jspecify.annotations.Nullable;

/** The stock consumer, on a connection that keeps nobody waiting. */
final class OwnConsumer extends PahoMqtt5Consumer {

  private final BridgeMqttEndpoint endpoint;
  private @Nullable OwnConnection connection;

  OwnConsumer(BridgeMqttEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
    this.endpoint = endpoint;
  }

  @Override
  protected void doStart() {
    OwnConnection fresh =
        endpoint.ownConnection("nothing is received from it", connected -> subscribe(connected));
    connection = fresh;
    fresh.start();
  }

  /** With a client that is there already, the stock consumer only subscribes. */
  private void subscribe(MqttClient connected) throws Exception {
    setClient(connected);
    super.doStart();
  }

  @Override
  protected void doStop() throws Exception {
    OwnConnection ended = connection;
    if (ended != null) {
      ended.stop(endpoint.goodbyePatience());
    }
    super.doStop();
  }
}
