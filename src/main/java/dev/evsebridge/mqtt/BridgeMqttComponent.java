package dev.evsebridge.mqtt;

import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.TlsMaterial;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Endpoint;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Component;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Configuration;
import org.apache.camel.spi.annotations.Component;
import org.eclipse.paho.mqttv5.client.internal.NetworkModuleService;

/**
 * The component {@code paho-mqtt5} of the bridge. Endpoints that ask for nothing special share the
 * bridge's own connection, on which publishing never waits. An endpoint with connection options of
 * its own (another broker, client id, last will …) gets a connection of its own, as with the stock
 * component; its publishing is moved off the caller's thread.
 */
@Component("paho-mqtt5")
public final class BridgeMqttComponent extends PahoMqtt5Component {

  private static final Set<String> SHARED_CONNECTION_OPTIONS =
      Set.of(
          "qos",
          "retained",
          "lazyStartProducer",
          "bridgeErrorHandler",
          "exceptionHandler",
          "exchangePattern");

  private final BrokerConnection connection;
  private final OpenRequests waiting;
  private final boolean onlyChecking;

  /**
   * Creates the component for the bridge's connection.
   *
   * @param waiting takes what waits for other brokers
   */
  public BridgeMqttComponent(BrokerConnection connection, OpenRequests waiting) {
    this(connection, waiting, false);
  }

  private BridgeMqttComponent(
      BrokerConnection connection, OpenRequests waiting, boolean onlyChecking) {
    this.connection = connection;
    this.waiting = waiting;
    this.onlyChecking = onlyChecking;
    getConfiguration().setQos(connection.settings().qos());
  }

  /** A component whose endpoints take the same options and never connect. */
  public static BridgeMqttComponent onlyChecking(BrokerConnection connection) {
    return new BridgeMqttComponent(connection, new OpenRequests(), true);
  }

  @Override
  protected Endpoint createEndpoint(String uri, String topic, Map<String, Object> parameters)
      throws Exception {
    boolean shared = SHARED_CONNECTION_OPTIONS.containsAll(parameters.keySet());
    PahoMqtt5Configuration configuration = getConfiguration().copy();
    if (!shared && !parameters.containsKey("brokerUrl")) {
      // Credentials go to the broker that they are meant for, and to no other.
      useBridgesBroker(configuration);
    }
    BridgeMqttEndpoint endpoint =
        new BridgeMqttEndpoint(
            uri, topic, this, configuration, shared || onlyChecking ? connection : null, waiting);
    endpoint.setClient(getClient());
    setProperties(endpoint, parameters);
    if (!shared) {
      // Otherwise only connecting would find it, again and again.
      NetworkModuleService.validateURI(endpoint.getConfiguration().getBrokerUrl());
    }
    return endpoint;
  }

  private void useBridgesBroker(PahoMqtt5Configuration configuration) throws IOException {
    MqttSettings settings = connection.settings();
    configuration.setBrokerUrl(settings.broker().toString());
    configuration.setKeepAliveInterval((int) Math.max(1, settings.keepAlive().toSeconds()));
    settings.username().ifPresent(configuration::setUserName);
    settings
        .password()
        .ifPresent(
            password ->
                configuration.setPassword(new String(password.reveal(), StandardCharsets.UTF_8)));
    TlsMaterial tls = settings.tls();
    if (tls != null) {
      configuration.setSocketFactory(tls.context().getSocketFactory());
    }
  }
}
