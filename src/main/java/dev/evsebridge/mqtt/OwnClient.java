package dev.evsebridge.mqtt;

import java.time.Duration;
import java.util.function.Consumer;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttClientPersistence;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client that tells of its end, whatever callback is set besides. */
final class OwnClient extends MqttClient {

  private static final Logger LOG = LoggerFactory.getLogger(OwnClient.class);

  private volatile Consumer<String> lost = reason -> {};

  OwnClient(String brokerUrl, String clientId, MqttClientPersistence persistence)
      throws MqttException {
    super(brokerUrl, clientId, persistence);
    super.setCallback(new Observer(null));
  }

  /** Takes somebody to tell why the connection has ended. */
  void onLost(Consumer<String> listener) {
    lost = listener;
  }

  @Override
  public void setCallback(MqttCallback callback) {
    super.setCallback(new Observer(callback));
  }

  /** Disconnects, by force when the broker does not answer. */
  void end(Duration patience) {
    lost = reason -> {};
    try {
      if (isConnected()) {
        setTimeToWait(patience.toMillis());
        disconnect(0);
      }
    } catch (MqttException e) {
      LOG.debug("No orderly end: {}", e.getMessage());
    }
    try {
      if (isConnected()) {
        disconnectForcibly(0, 0, false);
      }
      close(true);
    } catch (MqttException | RuntimeException e) {
      // RuntimeException: of a client whose connection is just ending, Paho finds parts missing.
      LOG.debug("The old connection could not be closed: {}", e.getMessage());
    }
  }

  private final class Observer implements MqttCallback {
    private final @Nullable MqttCallback other;

    Observer(@Nullable MqttCallback other) {
      this.other = other;
    }

    @Override
    public void disconnected(MqttDisconnectResponse response) {
      Throwable cause = response.getException();
      lost.accept(
          cause != null
              ? BrokerFailure.explain(cause)
              : BrokerFailure.explainReason(response.getReturnCode()));
      if (other != null) {
        other.disconnected(response);
      }
    }

    @Override
    public void mqttErrorOccurred(MqttException failure) {
      if (other != null) {
        other.mqttErrorOccurred(failure);
      }
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) throws Exception {
      if (other != null) {
        other.messageArrived(topic, message);
      }
    }

    @Override
    public void deliveryComplete(IMqttToken token) {
      if (other != null) {
        other.deliveryComplete(token);
      }
    }

    @Override
    public void connectComplete(boolean reconnect, String serverUri) {
      if (other != null) {
        other.connectComplete(reconnect, serverUri);
      }
    }

    @Override
    public void authPacketArrived(int reasonCode, MqttProperties properties) {
      if (other != null) {
        other.authPacketArrived(reasonCode, properties);
      }
    }
  }
}
