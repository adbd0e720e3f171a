package dev.evsebridge.mqtt;

import org.apache.camel.Consumer;
import org.apache.camel.MultipleConsumersSupport;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Component;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Configuration;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Endpoint;
import org.jspecify.annotations.Nullable;

/** A topic, on the bridge's connection or on one of its own. */
final class BridgeMqttEndpoint extends PahoMqtt5Endpoint implements MultipleConsumersSupport {

  private final @Nullable BrokerConnection shared;

  BridgeMqttEndpoint(
      String uri,
      String topic,
      PahoMqtt5Component component,
      PahoMqtt5Configuration configuration,
      @Nullable BrokerConnection shared) {
    super(uri, topic, component, configuration);
    this.shared = shared;
  }

  @Override
  public Producer createProducer() throws Exception {
    return shared == null
        ? new OffloadedProducer(this, super.createProducer())
        : new SharedProducer(this, shared);
  }

  @Override
  public Consumer createConsumer(Processor processor) throws Exception {
    if (shared == null) {
      return super.createConsumer(processor);
    }
    Topics.checkFilter(getTopic());
    Consumer consumer = new SharedConsumer(this, processor, shared);
    configureConsumer(consumer);
    return consumer;
  }

  /** What comes on the bridge's connection goes to every route that wants it. */
  @Override
  public boolean isMultipleConsumersSupported() {
    return shared != null;
  }
}
