package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.Secret;
import dev.evsebridge.config.TlsMaterial;
import dev.evsebridge.runtime.LogThrottle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.MqttReturnCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client of the broker, from its connecting to its end; a new connection takes a new one. */
final class BrokerLink implements Outbox.Wire, MqttActionListener, MqttCallback {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerLink.class);

  private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(4);
  private static final Duration GOODBYE_TIMEOUT = Duration.ofSeconds(2);
  private static final int DEFAULT_RECEIVE_MAXIMUM = 65_535;

  /** MQTT 5, section 3.8.3.1: not again when a subscription is only renewed. */
  private static final int STORED_MESSAGES_ONCE = 1;

  private static final int FIRST_FAILURE_CODE = 0x80;

  /** Larger requests are kept from us by the broker, which can't report them. */
  private static final long PACKET_LIMIT_FACTOR = 4;

  private static final long PACKET_LIMIT_LEAST_BYTES = 1024 * 1024;

  /** Shared by all links: the broker may refuse the same messages on each. */
  private static final LogThrottle REFUSED_MESSAGES = new LogThrottle(1, Duration.ofSeconds(10));

  /** Is told of a link that has ended by itself. */
  @FunctionalInterface
  interface EndListener {

    /**
     * The link is of no use any more.
     *
     * @param reason in words
     * @param takenOver whether another client of the same id has taken its place
     */
    void ended(BrokerLink link, String reason, boolean takenOver);
  }

  private final MqttSettings settings;
  private final Outbox outbox;
  private final Subscriptions subscriptions;
  private final Executor executor;
  private final EndListener endListener;
  private final MqttAsyncClient client;
  private final @Nullable BrokerSockets sockets;
  private int receiveMaximum = DEFAULT_RECEIVE_MAXIMUM;
  private long maximumPacketBytes = Long.MAX_VALUE;

  BrokerLink(
      MqttSettings settings,
      Outbox outbox,
      Subscriptions subscriptions,
      Executor executor,
      EndListener endListener)
      throws MqttException {
    this.settings = settings;
    this.executor = executor;
    this.outbox = outbox;
    this.subscriptions = subscriptions;
    this.endListener = endListener;
    client =
        new MqttAsyncClient(
            settings.broker().toString(), settings.clientId(), new MemoryPersistence());
    client.setCallback(this);
    sockets = "tcp".equals(settings.broker().getScheme()) ? new BrokerSockets() : null;
  }

  /** Waits until the broker has accepted the connection. */
  void connect(String willTopic, String will) throws MqttException {
    IMqttToken token = client.connect(options(willTopic, will));
    token.waitForCompletion(RESPONSE_TIMEOUT.toMillis());
    MqttProperties stated = token.getResponseProperties();
    Integer receive = stated.getReceiveMaximum();
    Long packet = stated.getMaximumPacketSize();
    receiveMaximum = receive == null ? DEFAULT_RECEIVE_MAXIMUM : receive;
    maximumPacketBytes = packet == null ? Long.MAX_VALUE : packet;
  }

  private MqttConnectionOptions options(String willTopic, String will) {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setCleanStart(true);
    options.setAutomaticReconnect(false);
    options.setKeepAliveInterval((int) Math.max(1, settings.keepAlive().toSeconds()));
    options.setConnectionTimeout((int) RESPONSE_TIMEOUT.toSeconds());
    options.setMaximumPacketSize(
        Math.max(PACKET_LIMIT_LEAST_BYTES, PACKET_LIMIT_FACTOR * settings.maxPayloadBytes()));
    options.setWill(
        willTopic,
        new MqttMessage(will.getBytes(StandardCharsets.UTF_8), 1, true, new MqttProperties()));
    settings.username().ifPresent(options::setUserName);
    settings.password().map(Secret::reveal).ifPresent(options::setPassword);
    TlsMaterial tls = settings.tls();
    if (tls != null) {
      options.setSocketFactory(new SecureSockets(tls.context().getSocketFactory()));
      options.setHttpsHostnameVerificationEnabled(true);
    } else if (sockets != null) {
      options.setSocketFactory(sockets);
    }
    return options;
  }

  /** Unacknowledged messages that the broker allows. */
  int receiveMaximum() {
    return receiveMaximum;
  }

  /** Returns whether the broker has granted it. */
  boolean subscribe(Subscription subscription) {
    String filter = subscription.topicFilter();
    MqttProperties properties = new MqttProperties();
    properties.setSubscriptionIdentifier(subscriptions.filterId(filter));
    MqttSubscription wanted = new MqttSubscription(filter, subscriptions.qos(subscription));
    wanted.setRetainHandling(STORED_MESSAGES_ONCE);
    MqttSubscription[] filters = {wanted};
    try {
      IMqttToken token = client.subscribe(filters, null, null, properties);
      token.waitForCompletion(RESPONSE_TIMEOUT.toMillis());
      int[] codes = token.getReasonCodes();
      if (codes == null || codes.length == 0 || codes[0] < FIRST_FAILURE_CODE) {
        LOG.info("Subscribed to {}", filter);
        return true;
      }
      LOG.error(
          "The broker refuses the subscription to {}: {}",
          filter,
          BrokerFailure.explainReason(codes[0]));
    } catch (MqttException e) {
      LOG.error("Could not subscribe to {}: {}", filter, BrokerFailure.explain(e));
    }
    return false;
  }

  void unsubscribe(String topicFilter) {
    try {
      client.unsubscribe(topicFilter).waitForCompletion(RESPONSE_TIMEOUT.toMillis());
    } catch (MqttException e) {
      LOG.warn("Could not end the subscription to {}: {}", topicFilter, BrokerFailure.explain(e));
    }
  }

  @Override
  public void send(OutgoingMessage message) {
    if (message.packetBytesAtMost() > maximumPacketBytes) {
      // Sent all the same, it would end the connection, again and again.
      LOG.error(
          "Dropped a message of {} bytes on {}: the broker takes packets of up to {} bytes",
          message.payloadBytes(),
          message.topic(),
          maximumPacketBytes);
      executor.execute(() -> outbox.done(this, message));
      return;
    }
    if (sockets != null) {
      sockets.announce();
    }
    try {
      var unused = client.publish(message.topic(), message.toMqtt(), message, this);
    } catch (MqttException e) {
      // The outbox keeps the message for the next connection.
      endListener.ended(this, BrokerFailure.explain(e), false);
    }
  }

  @Override
  public void onSuccess(IMqttToken token) {
    OutgoingMessage message = (OutgoingMessage) token.getUserContext();
    int[] codes = token.getReasonCodes();
    if (codes != null && codes.length > 0 && codes[0] >= FIRST_FAILURE_CODE) {
      REFUSED_MESSAGES.log(
          suffix ->
              LOG.error(
                  "The broker refused a message on {}: {}{}",
                  message.topic(),
                  MqttReturnCode.RETURN_CODE_NOT_AUTHORIZED == codes[0]
                      ? "not authorised; check its access rules"
                      : BrokerFailure.explainReason(codes[0]),
                  suffix));
    }
    outbox.done(this, message);
  }

  /** The connection is ending: the outbox keeps the message. */
  @Override
  public void onFailure(IMqttToken token, Throwable failure) {}

  @Override
  public void messageArrived(String topic, MqttMessage message) {
    try {
      subscriptions.deliver(topic, message);
    } catch (RuntimeException e) {
      // The client library would swallow it.
      LOG.error("Fault while taking in a message on {}", topic, e);
    }
  }

  @Override
  public void disconnected(MqttDisconnectResponse response) {
    Throwable cause = response.getException();
    String reason =
        cause != null
            ? BrokerFailure.explain(cause)
            : BrokerFailure.explainReason(response.getReturnCode());
    boolean takenOver = response.getReturnCode() == MqttReturnCode.RETURN_CODE_SESSION_TAKEN_OVER;
    endListener.ended(this, reason, takenOver);
  }

  @Override
  public void mqttErrorOccurred(MqttException failure) {
    LOG.warn("Broker {}: {}", settings.broker(), BrokerFailure.explain(failure));
  }

  @Override
  public void deliveryComplete(IMqttToken token) {}

  @Override
  public void connectComplete(boolean reconnect, String serverUri) {}

  @Override
  public void authPacketArrived(int reasonCode, MqttProperties properties) {}

  void disconnect() {
    try {
      client.disconnect().waitForCompletion(GOODBYE_TIMEOUT.toMillis());
      client.close(true);
    } catch (MqttException e) {
      LOG.debug("Goodbye to the broker failed: {}", e.getMessage());
    }
  }

  /** May take long when the broker is frozen: nobody waits for it. */
  void abandon() {
    Thread thread =
        new Thread(
            () -> {
              try {
                if (client.isConnected()) {
                  client.disconnectForcibly(0, 0, false);
                }
                client.close(true);
              } catch (MqttException e) {
                LOG.debug("The old connection could not be closed: {}", e.getMessage());
              }
            },
            "mqtt-abandon");
    thread.setDaemon(true);
    thread.start();
  }
}
