package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.Secret;
import dev.evsebridge.config.TlsMaterial;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.LogThrottle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
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
import org.eclipse.paho.mqttv5.common.util.MqttTopicValidator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge's connection to its broker: kept up for ever, with a new client for each attempt so
 * that nothing of a broken connection lives on. Everything that waits for the network happens on
 * one thread of its own; publishing never waits.
 */
public final class BrokerConnection {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerConnection.class);

  private static final Duration FIRST_RETRY = Duration.ofMillis(500);

  /** With the time that an attempt takes, the broker is found within 5 s of its return. */
  private static final Duration SLOWEST_RETRY = Duration.ofSeconds(4);

  /** A connection that ends sooner, again and again, has most likely been taken over. */
  private static final Duration SHORT_LIVED = Duration.ofSeconds(10);

  private static final int SUSPICIOUSLY_MANY = 2;

  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(4);
  private static final Duration GOODBYE_TIMEOUT = Duration.ofSeconds(2);
  private static final int DEFAULT_RECEIVE_MAXIMUM = 65_535;

  /** MQTT 5, section 3.8.3.1: not again when a subscription is only renewed. */
  private static final int STORED_MESSAGES_ONCE = 1;

  private static final int FIRST_FAILURE_CODE = 0x80;

  /** Larger requests are kept from us by the broker, which can't report them. */
  private static final long PACKET_LIMIT_FACTOR = 4;

  private static final long PACKET_LIMIT_LEAST_BYTES = 1024 * 1024;

  /** How long sources may be held back in vain. */
  private static final long RELIEF_MILLIS = 500;

  private final MqttSettings settings;
  private final Outbox outbox;
  private final List<BrokerListener> listeners = new CopyOnWriteArrayList<>();
  private final Map<Integer, Subscription> subscriptions = new ConcurrentHashMap<>();
  private final AtomicInteger subscriptionIds = new AtomicInteger();

  /**
   * The identifier that the broker puts on what a topic filter brings. A filter keeps its own: a
   * request that was on its way while its route was reloaded is for the new one.
   */
  private final Map<String, Integer> filterIds = new ConcurrentHashMap<>();

  private final ReentrantLock delivery = new ReentrantLock();
  private final AtomicInteger filterIdsGiven = new AtomicInteger();
  private final Queue<Subscription> endedWhilePaused = new ConcurrentLinkedQueue<>();
  private volatile boolean deliveryPaused;
  private final LogThrottle refusedMessages = new LogThrottle(1, Duration.ofSeconds(10));
  private final ScheduledExecutorService executor = new FailStopExecutor("mqtt-connection");

  private @Nullable Link link;
  private Duration retry = FIRST_RETRY;
  private int attempts;
  private int shortLivedInARow;
  private boolean ready;
  private boolean closing;
  private boolean connected;

  /**
   * Creates a connection that is not yet begun.
   *
   * @param settings how to reach the broker
   * @param sourceCount how many sources may each send one more message after being held back
   * @param sources are held back while the broker is too slow for them
   */
  public BrokerConnection(MqttSettings settings, int sourceCount, MessageSources sources) {
    this.settings = settings;
    this.outbox = new Outbox(settings.bufferMessages(), sourceCount, sources);
  }

  /** How the broker is reached. */
  public MqttSettings settings() {
    return settings;
  }

  /** Adds somebody to be told when the broker comes and goes; before {@link #start}. */
  public void addListener(BrokerListener listener) {
    listeners.add(listener);
  }

  /** Begins to connect; returns at once. */
  public void start() {
    executor.execute(this::attempt);
    long periodMillis = Math.max(200, settings.keepAlive().toMillis() / 4);
    executor.scheduleWithFixedDelay(
        this::checkAlive, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
    executor.scheduleWithFixedDelay(
        outbox::relieveWhenIdle, RELIEF_MILLIS, RELIEF_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** The routes are there: from now on the listeners are told of a connected broker. */
  public void ready() {
    executor.execute(
        () -> {
          ready = true;
          Link current = link;
          if (current != null) {
            subscribeAll(current);
          }
        });
  }

  void publish(OutgoingMessage message) {
    outbox.add(message);
  }

  /** Publishes a text with QoS 1, retained, after what waits already. */
  public void publishRetained(String topic, String text) {
    publish(
        new OutgoingMessage(
            topic, text.getBytes(StandardCharsets.UTF_8), 1, true, new MqttProperties()));
  }

  int subscribe(Subscription subscription) {
    int id = subscriptionIds.incrementAndGet();
    subscriptions.put(id, subscription);
    executor.execute(
        () -> {
          Link current = link;
          if (connected && current != null && !subscribe(current, subscription)) {
            lost(current, "a subscription failed");
          }
        });
    return id;
  }

  void unsubscribe(int id) {
    Subscription removed = subscriptions.remove(id);
    if (removed == null) {
      return;
    }
    if (deliveryPaused) {
      // Its route is being reloaded, and the new one may want the same.
      endedWhilePaused.add(removed);
    } else {
      endSubscription(removed);
    }
  }

  private void endSubscription(Subscription removed) {
    executor.execute(
        () -> {
          Link current = link;
          boolean stillWanted =
              subscriptions.values().stream()
                  .anyMatch(other -> other.topicFilter().equals(removed.topicFilter()));
          if (connected && current != null && !stillWanted) {
            unsubscribe(current, removed);
          }
        });
  }

  private static void unsubscribe(Link link, Subscription subscription) {
    try {
      link.client
          .unsubscribe(subscription.topicFilter())
          .waitForCompletion(ANSWER_TIMEOUT.toMillis());
    } catch (MqttException e) {
      LOG.warn(
          "Could not end the subscription to {}: {}",
          subscription.topicFilter(),
          BrokerFailure.explain(e));
    }
  }

  /** While held, no request is delivered; the broker and the connection keep what comes. */
  public void pauseDelivery() {
    delivery.lock();
    deliveryPaused = true;
  }

  /** Ends {@link #pauseDelivery}, by the same thread. */
  public void resumeDelivery() {
    deliveryPaused = false;
    delivery.unlock();
    for (Subscription ended = endedWhilePaused.poll();
        ended != null;
        ended = endedWhilePaused.poll()) {
      endSubscription(ended);
    }
  }

  private void attempt() {
    if (closing || link != null) {
      return;
    }
    attempts++;
    Link fresh;
    try {
      fresh = new Link();
    } catch (MqttException e) {
      LOG.error("Broker {}: {}", settings.broker(), BrokerFailure.explain(e));
      retryLater();
      return;
    }
    try {
      IMqttToken token = fresh.client.connect(options(fresh));
      token.waitForCompletion(ANSWER_TIMEOUT.toMillis());
      fresh.keepTo(token.getResponseProperties());
    } catch (MqttException e) {
      fresh.abandon();
      LOG.warn(
          "Broker {} can't be reached: {} (attempt {})",
          settings.broker(),
          BrokerFailure.explain(e),
          attempts);
      retryLater();
      return;
    }
    link = fresh;
    if (ready) {
      subscribeAll(fresh);
    }
  }

  private void retryLater() {
    if (!closing) {
      executor.schedule(this::attempt, retry.toMillis(), TimeUnit.MILLISECONDS);
      retry = retry.multipliedBy(2);
      if (retry.compareTo(SLOWEST_RETRY) > 0) {
        retry = SLOWEST_RETRY;
      }
    }
  }

  private void subscribeAll(Link current) {
    for (Subscription subscription : subscriptions.values()) {
      if (!subscribe(current, subscription)) {
        lost(current, "a subscription failed");
        return;
      }
    }
    if (link != current) {
      return;
    }
    connected = true;
    current.connectedAtNanos = System.nanoTime();
    attempts = 0;
    retry = FIRST_RETRY;
    LOG.info("Connected to broker {} as {}", settings.broker(), settings.clientId());
    long dropped = outbox.droppedSinceLoss();
    if (dropped > 0) {
      LOG.warn("{} messages were dropped while the broker was away", dropped);
    }
    outbox.connected(current, current.receiveMaximum);
    publishAvailability("online");
    listeners.forEach(BrokerListener::brokerConnected);
  }

  private boolean subscribe(Link current, Subscription subscription) {
    String filter = subscription.topicFilter();
    MqttProperties properties = new MqttProperties();
    properties.setSubscriptionIdentifier(filterId(filter));
    // To the broker all that want the same are one.
    int qos =
        subscriptions.values().stream()
            .filter(other -> other.topicFilter().equals(filter))
            .mapToInt(Subscription::qos)
            .reduce(subscription.qos(), Math::max);
    MqttSubscription wanted = new MqttSubscription(filter, qos);
    wanted.setRetainHandling(STORED_MESSAGES_ONCE);
    MqttSubscription[] filters = {wanted};
    try {
      IMqttToken token = current.client.subscribe(filters, null, null, properties);
      token.waitForCompletion(ANSWER_TIMEOUT.toMillis());
      int[] codes = token.getReasonCodes();
      if (codes == null || codes.length == 0 || codes[0] < FIRST_FAILURE_CODE) {
        LOG.info("Subscribed to {}", subscription.topicFilter());
        return true;
      }
      LOG.error(
          "The broker refuses the subscription to {}: {}",
          subscription.topicFilter(),
          BrokerFailure.explainReason(codes[0]));
    } catch (MqttException e) {
      LOG.error(
          "Could not subscribe to {}: {}", subscription.topicFilter(), BrokerFailure.explain(e));
    }
    return false;
  }

  private int filterId(String topicFilter) {
    return filterIds.computeIfAbsent(topicFilter, filter -> filterIdsGiven.incrementAndGet());
  }

  /**
   * A frozen broker leaves messages unanswered; the client library may then be stuck in a write.
   */
  private void checkAlive() {
    Link current = link;
    Duration patience = settings.keepAlive().multipliedBy(5).dividedBy(2);
    if (current != null && connected && outbox.oldestInFlight().compareTo(patience) > 0) {
      lost(current, "it has stopped answering");
    }
  }

  private void lost(Link broken, String reason) {
    if (link != broken) {
      return;
    }
    link = null;
    boolean wasConnected = connected;
    connected = false;
    outbox.disconnected();
    broken.abandon();
    if (!closing) {
      LOG.warn("Lost the broker {}: {}", settings.broker(), reason);
      if (wasConnected) {
        suspectTakeover(broken);
        listeners.forEach(BrokerListener::brokerLost);
      }
      retryLater();
    }
  }

  /** Some brokers hang up on the client that was there first without saying why. */
  private void suspectTakeover(Link broken) {
    long livedNanos = System.nanoTime() - broken.connectedAtNanos;
    shortLivedInARow = livedNanos < SHORT_LIVED.toNanos() ? shortLivedInARow + 1 : 0;
    if (shortLivedInARow >= SUSPICIOUSLY_MANY) {
      LOG.warn(
          "{} connections in a row have ended soon after they were made: is another client, perhaps a second bridge, using the same mqtt.client_id {}? Give each its own",
          shortLivedInARow,
          settings.clientId());
      retry = SLOWEST_RETRY;
    }
  }

  private void publishAvailability(String state) {
    publishRetained(availabilityTopic(), state);
  }

  private String availabilityTopic() {
    return settings.publishTopic() + "/bridge/availability";
  }

  /** Says goodbye: sends what waits, tells that the bridge is offline, and disconnects. */
  public void close() {
    CountDownLatch closed = new CountDownLatch(1);
    executor.execute(
        () -> {
          closing = true;
          Link current = link;
          if (current != null && connected) {
            publishAvailability("offline");
            outbox.drain(GOODBYE_TIMEOUT);
            current.disconnect();
          }
          closed.countDown();
        });
    try {
      if (!closed.await(2 * GOODBYE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("Left the broker without a goodbye: it did not answer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
    int left = outbox.size();
    if (left > 0) {
      LOG.warn("{} messages could not be sent before the end", left);
    }
  }

  private MqttConnectionOptions options(Link fresh) {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setCleanStart(true);
    options.setAutomaticReconnect(false);
    options.setKeepAliveInterval((int) Math.max(1, settings.keepAlive().toSeconds()));
    options.setConnectionTimeout((int) ANSWER_TIMEOUT.toSeconds());
    options.setMaximumPacketSize(
        Math.max(PACKET_LIMIT_LEAST_BYTES, PACKET_LIMIT_FACTOR * settings.maxPayloadBytes()));
    options.setWill(
        availabilityTopic(),
        new MqttMessage("offline".getBytes(StandardCharsets.UTF_8), 1, true, new MqttProperties()));
    settings.username().ifPresent(options::setUserName);
    settings.password().map(Secret::reveal).ifPresent(options::setPassword);
    TlsMaterial tls = settings.tls();
    if (tls != null) {
      options.setSocketFactory(new SecureSockets(tls.context().getSocketFactory()));
      options.setHttpsHostnameVerificationEnabled(true);
    } else if (fresh.sockets != null) {
      options.setSocketFactory(fresh.sockets);
    }
    return options;
  }

  private void deliver(String topic, MqttMessage message) {
    delivery.lock();
    try {
      List<Integer> ids = message.getProperties().getSubscriptionIdentifiers();
      for (Subscription subscription : subscriptions.values()) {
        boolean meant =
            ids.isEmpty()
                ? MqttTopicValidator.isMatched(subscription.topicFilter(), topic)
                : ids.contains(filterIds.get(subscription.topicFilter()));
        if (meant) {
          subscription.receiver().received(topic, message);
        }
      }
    } finally {
      delivery.unlock();
    }
  }

  /** One client, from its connecting to its end. */
  private final class Link implements Outbox.Wire, MqttActionListener, MqttCallback {

    private final MqttAsyncClient client;
    private final @Nullable BrokerSockets sockets;
    private int receiveMaximum = DEFAULT_RECEIVE_MAXIMUM;
    private long maximumPacketBytes = Long.MAX_VALUE;
    private long connectedAtNanos;

    Link() throws MqttException {
      client =
          new MqttAsyncClient(
              settings.broker().toString(), settings.clientId(), new MemoryPersistence());
      client.setCallback(this);
      sockets = "tcp".equals(settings.broker().getScheme()) ? new BrokerSockets() : null;
    }

    /** Takes over the limits that the broker has stated. */
    void keepTo(MqttProperties stated) {
      Integer receive = stated.getReceiveMaximum();
      Long packet = stated.getMaximumPacketSize();
      receiveMaximum = receive == null ? DEFAULT_RECEIVE_MAXIMUM : receive;
      maximumPacketBytes = packet == null ? Long.MAX_VALUE : packet;
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
        executor.execute(() -> lost(this, BrokerFailure.explain(e)));
      }
    }

    @Override
    public void onSuccess(IMqttToken token) {
      OutgoingMessage message = (OutgoingMessage) token.getUserContext();
      int[] codes = token.getReasonCodes();
      if (codes != null && codes.length > 0 && codes[0] >= FIRST_FAILURE_CODE) {
        refusedMessages.log(
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
        deliver(topic, message);
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
      executor.execute(
          () -> {
            if (takenOver) {
              // Not at once: the other one would be thrown out just as fast.
              retry = SLOWEST_RETRY;
            }
            lost(this, reason);
          });
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
}
