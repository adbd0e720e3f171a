package dev.evsebridge.mqtt;

import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.internal.NetworkModule;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;

/** The library's client, on the bridge's own network. */
final class NetworkClient extends MqttAsyncClient {

  /** The library wants an address that it could use, though it is not asked to. */
  private static final String UNUSED_ADDRESS = "tcp://localhost";

  private final BrokerNetwork network;

  NetworkClient(String clientId, BrokerNetwork network) throws MqttException {
    super(UNUSED_ADDRESS, clientId, new MemoryPersistence(), new KeepAlive(), null);
    this.network = network;
  }

  @Override
  protected NetworkModule[] createNetworkModules(String address, MqttConnectionOptions options) {
    return new NetworkModule[] {network};
  }
}
