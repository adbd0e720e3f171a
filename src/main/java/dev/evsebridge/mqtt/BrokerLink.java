package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.Secret;
import dev.evsebridge.runtime.LogThrottle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClientException;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
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

  /** MQTT 5, section 3.8.3.1: not again when a subscription is only renewed. */
  private static final int STORED_MESSAGES_ONCE = 1;

  private static final int NO_STORED_MESSAGES = 2;

  private static final int FIRST_FAILURE_CODE = 0x80;

  /** MQTT 5: the longest interval that a packet can hold. */
  private static final long LONGEST_KEEP_ALIVE_SECONDS = 65_535;

  /** Larger requests are kept from us by the broker, which can't report them. */
  private static final long PACKET_LIMIT_FACTOR = 4;

  private static final long PACKET_LIMIT_LEAST_BYTES = 1024 * 1024;

  /** MQTT 5, section 2.1.4: header, a length of four bytes, and what that can express. */
  private static final long LONGEST_PACKET_BYTES = 1 + 4 + 268_435_455;

  /** Requests that the broker may send before the first of them is acknowledged. */
  private static final int RECEIVE_MAXIMUM = 64;

  /** Shared by all links: the broker may refuse the same messages on each. */
  private static final LogThrottle REFUSED_MESSAGES = new LogThrottle(1, Duration.ofSeconds(10));

  private static final LogThrottle UNSENT_MESSAGES = new LogThrottle(1, Duration.ofSeconds(10));

  /** Is told what becomes of a link by itself. */
  interface Owner {

    /** The link is of no use any more. */
    void ended(BrokerLink link, LinkEnd end);

    /** The broker has refused a message. */
    void refused(BrokerLink link);
  }

  private final MqttSettings settings;
  private final Outbox outbox;
  private final Subscriptions subscriptions;
  private final Executor executor;
  private final Owner owner;
  private final boolean withoutStored;
  private final long maximumPacketBytes;
  private final BrokerNetwork network;
  private final ClientThreads threads = new ClientThreads(this::threadFailed);
  private final MqttAsyncClient client;

  /** Requests that have been carried out and are acknowledged when the outbox has room again. */
  private final Queue<Integer> unacknowledged = new ConcurrentLinkedQueue<>();

  private final CompletableFuture<MqttProperties> accepted = new CompletableFuture<>();
  private volatile @Nullable IncomingPackets packets;
  private MqttProperties stated = new MqttProperties();

  /**
   * Creates a link that is not yet connected.
   *
   * @param withoutStored whether the broker is not to send its retained messages
   */
  BrokerLink(
      MqttSettings settings,
      Outbox outbox,
      Subscriptions subscriptions,
      boolean withoutStored,
      Executor executor,
      Owner owner)
      throws MqttException {
    this.settings = settings;
    this.executor = executor;
    this.outbox = outbox;
    this.subscriptions = subscriptions;
    this.withoutStored = withoutStored;
    this.owner = owner;
    maximumPacketBytes =
        Math.max(PACKET_LIMIT_LEAST_BYTES, PACKET_LIMIT_FACTOR * settings.maxPayloadBytes());
    network =
        new BrokerNetwork(
            settings.broker(), settings.tls(), maximumPacketBytes, keepAliveSeconds(settings));
    client = new NetworkClient(settings.clientId(), network);
    client.setCallback(this);
    client.setManualAcks(true);
  }

  /** Waits until the broker has accepted the connection. */
  void connect(String willTopic, String will, BrokerFeatures features, Duration patience)
      throws MqttException {
    try {
      MqttConnectionOptions options = options(willTopic, will, features);
      var unused = threads.call(() -> client.connect(options, null, new Accepted()));
      stated = accepted.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      packets = network.packets();
    } catch (IOException | UncheckedIOException e) {
      throw new MqttException(e);
    } catch (ExecutionException e) {
      if (network.connectReason() >= FIRST_FAILURE_CODE) {
        throw new MqttException(network.connectReason());
      }
      throw e.getCause() instanceof MqttException known ? known : new MqttException(e.getCause());
    } catch (TimeoutException e) {
      throw new MqttException(MqttClientException.REASON_CODE_CLIENT_TIMEOUT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MqttException(e);
    }
  }

  /** Passes on what becomes of an attempt; the library's own token is forgotten in some cases. */
  private final class Accepted implements MqttActionListener {
    @Override
    public void onSuccess(IMqttToken token) {
      accepted.complete(token.getResponseProperties());
    }

    @Override
    public void onFailure(IMqttToken token, Throwable failure) {
      accepted.completeExceptionally(failure);
    }
  }

  private MqttConnectionOptions options(String willTopic, String will, BrokerFeatures features) {
    MqttConnectionOptions options = new Options();
    options.setCleanStart(true);
    options.setAutomaticReconnect(false);
    options.setKeepAliveInterval(keepAliveSeconds(settings));
    options.setMaximumPacketSize(maximumPacketBytes);
    options.setReceiveMaximum(RECEIVE_MAXIMUM);
    options.setWill(
        willTopic,
        new MqttMessage(
            will.getBytes(StandardCharsets.UTF_8),
            Math.min(1, features.maximumQos()),
            features.retain(),
            new MqttProperties()));
    settings.username().ifPresent(options::setUserName);
    settings.password().map(Secret::reveal).ifPresent(options::setPassword);
    return options;
  }

  static int keepAliveSeconds(MqttSettings settings) {
    return (int)
        Math.min(Math.max(1, settings.keepAlive().toSeconds()), LONGEST_KEEP_ALIVE_SECONDS);
  }

  /** Tells the broker how long a packet may be, and the library nothing. */
  private static final class Options extends MqttConnectionOptions {

    /** The library would apply it to what it sends, for which only the broker's own limit holds. */
    @Override
    public @Nullable Long getMaximumPacketSize() {
      return null;
    }
  }

  /** Unacknowledged messages that the broker allows. */
  int receiveMaximum() {
    return packets().receiveMaximum();
  }

  /** Whether the broker keeps retained messages. */
  boolean retains() {
    return !Boolean.FALSE.equals(stated.isRetainAvailable());
  }

  /** The highest QoS at which the broker takes messages. */
  int maximumQos() {
    return stated.getMaximumQoS() == null ? 2 : stated.getMaximumQoS();
  }

  private IncomingPackets packets() {
    return Objects.requireNonNull(packets, "not connected");
  }

  /** Returns why the broker does not grant it; null if it does. */
  @Nullable String subscribe(Subscription subscription) {
    return subscribe(subscription, hasIdentifiers());
  }

  /** Whether the broker says by which subscription a message has come. */
  boolean hasIdentifiers() {
    return !Boolean.FALSE.equals(stated.isSubscriptionIdentifiersAvailable());
  }

  private @Nullable String subscribe(Subscription subscription, boolean withIdentifier) {
    String filter = subscription.topicFilter();
    MqttProperties properties = new MqttProperties();
    if (withIdentifier) {
      properties.setSubscriptionIdentifier(subscriptions.filterId(filter));
    }
    MqttSubscription wanted = new MqttSubscription(filter, subscriptions.qos(subscription));
    wanted.setNoLocal(subscription.withoutOwn());
    wanted.setRetainHandling(
        withoutStored || subscriptions.isWithoutStored(filter)
            ? NO_STORED_MESSAGES
            : STORED_MESSAGES_ONCE);
    MqttSubscription[] filters = {wanted};
    try {
      IMqttToken token = client.subscribe(filters, null, null, properties);
      token.waitForCompletion(RESPONSE_TIMEOUT.toMillis());
    } catch (MqttException e) {
      return BrokerFailure.explain(e);
    } catch (IllegalArgumentException e) {
      // The library checks the filter against what the broker has stated.
      return BrokerFailure.explainReason(MqttReturnCode.RETURN_CODE_WILDCARD_SUB_NOT_SUPPORTED);
    } catch (NullPointerException e) {
      return BrokerFailure.explain(justEnding(e));
    }
    int reason = packets().subscribeReason();
    if (reason == MqttReturnCode.RETURN_CODE_SUB_IDENTIFIERS_NOT_SUPPORTED && withIdentifier) {
      return subscribe(subscription, false);
    }
    if (reason >= FIRST_FAILURE_CODE) {
      return BrokerFailure.explainReason(reason);
    }
    LOG.info("Subscribed to {}", filter);
    return null;
  }

  /** Of a client whose connection is just ending, Paho 1.2.5 finds parts missing. */
  private static MqttException justEnding(NullPointerException e) {
    return new MqttException(MqttClientException.REASON_CODE_CONNECTION_LOST, e);
  }

  void unsubscribe(String topicFilter) {
    try {
      client.unsubscribe(topicFilter).waitForCompletion(RESPONSE_TIMEOUT.toMillis());
    } catch (MqttException | IllegalArgumentException | NullPointerException e) {
      LOG.warn("Could not end the subscription to {}: {}", topicFilter, BrokerFailure.explain(e));
    }
  }

  @Override
  public void send(OutgoingMessage message) {
    long most = Math.min(LONGEST_PACKET_BYTES, packets().brokersMaximumPacketBytes());
    if (message.packetBytesAtMost() > most) {
      // Sent all the same, it would end the connection, again and again.
      giveUp(message, "packets of up to %d bytes can be sent to this broker".formatted(most));
      return;
    }
    network.announce();
    try {
      var unused = client.publish(message.topic(), message.toMqtt(), message, this);
    } catch (MqttException e) {
      // The outbox keeps the message for the next connection.
      ended(endOf(e));
    } catch (NullPointerException e) {
      ended(endOf(justEnding(e)));
    } catch (RuntimeException e) {
      giveUp(message, BrokerFailure.explain(e));
    }
  }

  private void giveUp(OutgoingMessage message, String reason) {
    UNSENT_MESSAGES.log(
        suffix ->
            LOG.error(
                "Dropped a message of {} bytes on {}: {}{}",
                message.payloadBytes(),
                message.topic(),
                reason,
                suffix));
    executor.execute(
        () -> {
          outbox.done(this, message);
          Receipt receipt = message.receipt();
          if (receipt != null) {
            receipt.undeliverable(reason);
          }
        });
  }

  @Override
  public void onSuccess(IMqttToken token) {
    OutgoingMessage message = (OutgoingMessage) token.getUserContext();
    int[] codes = token.getReasonCodes();
    int reason = codes == null || codes.length == 0 ? 0 : codes[0];
    if (reason >= FIRST_FAILURE_CODE) {
      REFUSED_MESSAGES.log(
          suffix ->
              LOG.error(
                  "The broker refused a message on {}: {}{}",
                  message.topic(),
                  MqttReturnCode.RETURN_CODE_NOT_AUTHORIZED == reason
                      ? "not authorised; check its access rules"
                      : BrokerFailure.explainReason(reason),
                  suffix));
      owner.refused(this);
    }
    outbox.done(this, message);
    Receipt receipt = message.receipt();
    if (receipt != null) {
      receipt.acknowledged(reason);
    }
    if (!unacknowledged.isEmpty() && !outbox.isHalfFull()) {
      acknowledgeAll();
    }
  }

  /** The connection is ending: the outbox keeps the message. */
  @Override
  public void onFailure(IMqttToken token, Throwable failure) {}

  @Override
  public void messageArrived(String topic, MqttMessage message) {
    try {
      subscriptions.deliver(topic, message, packets().nextArrivalNanos());
    } catch (RuntimeException e) {
      // The client library would swallow it.
      LOG.error("A message on {} could not be delivered to its route", topic, e);
    }
    if (message.getQos() == 1) {
      // As long as it is not acknowledged, the broker sends fewer others.
      unacknowledged.add(message.getId());
      if (!outbox.isHalfFull()) {
        acknowledgeAll();
      }
    }
  }

  private void acknowledgeAll() {
    for (Integer id = unacknowledged.poll(); id != null; id = unacknowledged.poll()) {
      try {
        client.messageArrivedComplete(id, 1);
      } catch (MqttException | NullPointerException e) {
        LOG.debug("The connection ended before a request was acknowledged", e);
      }
    }
  }

  @Override
  public void disconnected(MqttDisconnectResponse response) {
    MqttException failure = response.getException();
    ended(failure != null ? endOf(failure) : endOf(response));
  }

  private static LinkEnd endOf(MqttException failure) {
    int reason = failure.getReasonCode();
    LinkEnd.Cause cause;
    if (reason == MqttClientException.REASON_CODE_CLIENT_TIMEOUT
        || reason == MqttClientException.REASON_CODE_WRITE_TIMEOUT) {
      cause = LinkEnd.Cause.SILENCE;
    } else if (failure.getCause() instanceof IOException
        || reason == MqttClientException.REASON_CODE_SERVER_DISCONNECTED) {
      cause = LinkEnd.Cause.BROKER_CLOSED;
    } else {
      cause = LinkEnd.Cause.CLIENT_FAULT;
    }
    return new LinkEnd(cause, BrokerFailure.explain(failure));
  }

  private static LinkEnd endOf(MqttDisconnectResponse response) {
    int reason = response.getReturnCode();
    LinkEnd.Cause cause =
        switch (reason) {
          case MqttReturnCode.RETURN_CODE_SESSION_TAKEN_OVER -> LinkEnd.Cause.TAKEN_OVER;
          case MqttReturnCode.RETURN_CODE_SUCCESS,
              MqttReturnCode.RETURN_CODE_SERVER_BUSY,
              MqttReturnCode.RETURN_CODE_SERVER_SHUTTING_DOWN,
              MqttReturnCode.RETURN_CODE_KEEP_ALIVE_TIMEOUT,
              MqttReturnCode.RETURN_CODE_USE_ANOTHER_SERVER,
              MqttReturnCode.RETURN_CODE_SERVER_MOVED ->
              LinkEnd.Cause.BROKER_LEFT;
          default -> LinkEnd.Cause.BROKER_CLOSED;
        };
    return new LinkEnd(cause, BrokerFailure.explainReason(reason));
  }

  private void threadFailed(Throwable failure) {
    LOG.debug("The MQTT client failed", failure);
    accepted.completeExceptionally(failure);
    ended(
        new LinkEnd(
            LinkEnd.Cause.CLIENT_FAULT,
            "the MQTT client can't read what came or send what it was given (%s)"
                .formatted(BrokerFailure.explain(failure))));
  }

  private void ended(LinkEnd end) {
    owner.ended(this, end);
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
    } catch (MqttException | NullPointerException e) {
      LOG.debug("Goodbye to the broker failed: {}", e.getMessage());
    }
  }

  /**
   * Ends it, connected or not. The socket is closed at once: the library leaves it, and three
   * threads, when it is to be closed while it connects; a broker that responds later would throw
   * out the next connection. The rest may take a while, and nobody waits for it.
   */
  void abandon() {
    try {
      network.stop();
    } catch (IOException e) {
      LOG.debug("The old socket could not be closed: {}", e.getMessage());
    }
    accepted.completeExceptionally(
        new MqttException(MqttClientException.REASON_CODE_CLIENT_DISCONNECTING));
    Thread thread =
        new Thread(
            () -> {
              try {
                client.disconnectForcibly(0, 0, false);
                client.close(true);
              } catch (MqttException | RuntimeException e) {
                LOG.debug("The old client could not be closed: {}", e.getMessage());
              }
              if (packets == null) {
                // Should one of its threads have been started only now, it ends at this.
                threads.interrupt();
              }
            },
            "mqtt-abandon");
    thread.setDaemon(true);
    thread.start();
  }
}
