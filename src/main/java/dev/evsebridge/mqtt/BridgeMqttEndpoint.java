package dev.evsebridge.mqtt;

import dev.evsebridge.charger.session.OpenRequests;
import java.time.Duration;
import org.apache.camel.Consumer;
import org.apache.camel.MultipleConsumersSupport;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Component;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Configuration;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Endpoint;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Producer;
import org.jspecify.annotations.Nullable;

/** A topic, on the bridge's connection or on one of its own. */
final class BridgeMqttEndpoint extends PahoMqtt5Endpoint implements MultipleConsumersSupport {

  private static final Duration LAST_GOODBYE = Duration.ofSeconds(1);

  private final @Nullable BrokerConnection shared;
  private final OpenRequests waiting;

  BridgeMqttEndpoint(
      String uri,
      String topic,
      PahoMqtt5Component component,
      PahoMqtt5Configuration configuration,
      @Nullable BrokerConnection shared,
      OpenRequests waiting) {
    super(uri, topic, component, configuration);
    this.shared = shared;
    this.waiting = waiting;
  }

  @Override
  public Producer createProducer() throws Exception {
    if (shared != null) {
      return new SharedProducer(this, shared);
    }
    return getClient() == null
        ? new OffloadedProducer(this, new PahoMqtt5Producer(this), waiting)
        : super.createProducer();
  }

  @Override
  public Consumer createConsumer(Processor processor) throws Exception {
    if (shared == null) {
      return getClient() == null ? ownConsumer(processor) : super.createConsumer(processor);
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

  private Consumer ownConsumer(Processor processor) throws Exception {
    Consumer consumer = new OwnConsumer(this, processor);
    configureConsumer(consumer);
    return consumer;
  }

  /** A connection with the options of this endpoint, not begun yet. */
  OwnConnection ownConnection(String consequence, OwnConnection.Use use) {
    PahoMqtt5Configuration configuration = getConfiguration();
    String clientId =
        configuration.getClientId() == null ? generateClientId() : configuration.getClientId();
    return new OwnConnection(
        configuration.getBrokerUrl(),
        place(),
        consequence,
        () ->
            new OwnClient(
                configuration.getBrokerUrl(), clientId, createMqttClientPersistence(configuration)),
        createMqttConnectionOptions(),
        use);
  }

  /** A route that is reloaded waits for nobody; at the end of the bridge there is a moment. */
  Duration goodbyePatience() {
    return getCamelContext().isStopping() ? LAST_GOODBYE : Duration.ZERO;
  }

  /** Where the endpoint is, in words for the log. */
  String place() {
    return UsingRoutes.of(this);
  }
}
