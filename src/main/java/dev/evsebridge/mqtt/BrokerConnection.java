package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.LogThrottle;
import dev.evsebridge.runtime.Pulse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.ObjLongConsumer;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.MqttReturnCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge's connection to its broker: kept up for ever, with a new {@link BrokerLink} for each
 * attempt so that nothing of a broken connection lives on. Everything that waits for the network
 * happens on one thread of its own; publishing never waits.
 */
public final class BrokerConnection {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerConnection.class);

  private static final Duration FIRST_RETRY = Duration.ofMillis(500);

  /** With the time that an attempt takes, the broker is found within 5 s of its return. */
  private static final Duration SLOWEST_RETRY = Duration.ofSeconds(4);

  /** Messages may take this part of the heap. */
  private static final int HEAP_SHARE = 8;

  private static final long LEAST_BUFFER_BYTES = 4L * 1024 * 1024;

  private static final int SUSPICIOUSLY_MANY = 2;

  private static final int FIRST_FAILURE_CODE = 0x80;

  private static final Duration GOODBYE_TIMEOUT = Duration.ofSeconds(2);

  /** How long sources may be paused in vain. */
  private static final long RELIEF_MILLIS = 500;

  /**
   * How patient the connection is.
   *
   * @param connect how long the broker may take to accept a connection; a busy one takes long
   * @param proof a connection that has lived so long works. One that ends sooner without a word,
   *     again and again, has most likely been taken over
   * @param refusedRetry how often what was refused is asked for again
   */
  record Timing(Duration connect, Duration proof, Duration refusedRetry) {

    static final Timing USUAL =
        new Timing(Duration.ofSeconds(20), Duration.ofSeconds(10), Duration.ofSeconds(10));
  }

  private final Timing timing;
  private final MqttSettings settings;
  private final Outbox outbox;
  private final Subscriptions subscriptions;
  private final @Nullable Membership membership;
  private final Set<Subscription> refused = new HashSet<>();
  private final List<BrokerListener> listeners = new CopyOnWriteArrayList<>();
  private final FailStopExecutor executor = new FailStopExecutor("mqtt-connection");

  /** The one that is being connected; given up when the bridge stops. */
  private volatile @Nullable BrokerLink connecting;

  private volatile boolean closing;
  private @Nullable BrokerLink link;
  private BrokerFeatures features = BrokerFeatures.ALL;
  private Duration retry = FIRST_RETRY;
  private int attempts;
  private long awaySinceNanos = System.nanoTime();
  private final AttemptLog attemptLog = new AttemptLog();
  private int shortLivedInARow;
  private boolean withoutStored;
  private boolean ready;
  private boolean subscribed;
  private boolean announced;
  private boolean availabilityRefused;

  /** Whether the availability is published again, to see whether the broker takes anything. */
  private boolean probing;

  /** Which of the times that the broker has taken the availability the last one was. */
  private int announcement;

  private long mayProbeAtNanos = System.nanoTime();

  /** The two of a pair that fight for one client id would fill the log. */
  private final LogThrottle comingsAndGoings = new LogThrottle(10, Duration.ofMinutes(1));

  private long subscribedAtNanos;

  /**
   * Creates a connection that is not yet begun.
   *
   * @param settings how to reach the broker
   * @param sourceCount how many sources may each send one more message after being paused
   * @param sources are paused while the broker is too slow for them
   */
  public BrokerConnection(MqttSettings settings, int sourceCount, MessageSources sources) {
    this(settings, sourceCount, sources, Timing.USUAL);
  }

  /**
   * The same for one of several bridges.
   *
   * @param membership what it adds to the connection; null for a bridge alone
   */
  public BrokerConnection(
      MqttSettings settings,
      int sourceCount,
      MessageSources sources,
      @Nullable Membership membership) {
    this(settings, sourceCount, sources, membership, Timing.USUAL);
  }

  BrokerConnection(MqttSettings settings, int sourceCount, MessageSources sources, Timing timing) {
    this(settings, sourceCount, sources, null, timing);
  }

  private BrokerConnection(
      MqttSettings settings,
      int sourceCount,
      MessageSources sources,
      @Nullable Membership membership,
      Timing timing) {
    this.settings = settings;
    this.membership = membership;
    this.subscriptions = new Subscriptions(this::endSubscription, membership);
    this.timing = timing;
    long bufferBytes = Math.max(LEAST_BUFFER_BYTES, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    this.outbox = new Outbox(settings.bufferMessages(), bufferBytes, sourceCount, sources);
  }

  /** How the broker is reached. */
  public MqttSettings settings() {
    return settings;
  }

  /** Adds somebody to be told when the broker comes and goes; before {@link #start}. */
  public void addListener(BrokerListener listener) {
    listeners.add(listener);
  }

  /** Messages that wait for the broker, or have not been acknowledged by it. */
  public int bufferedMessages() {
    return outbox.size();
  }

  /** Messages that were dropped since the start. */
  public long lostMessages() {
    return outbox.dropped();
  }

  /** Beat while the connection is looked after, and while requests get through. */
  public List<Pulse> pulses() {
    return List.of(executor.pulse(), subscriptions.delivering());
  }

  /** Begins to connect; returns at once. */
  public void start() {
    executor.execute(this::attempt);
    long periodMillis = Math.max(200, settings.keepAlive().toMillis() / 4);
    executor.scheduleWithFixedDelay(
        this::checkAlive, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
    executor.scheduleWithFixedDelay(
        outbox::relieveWhenIdle, RELIEF_MILLIS, RELIEF_MILLIS, TimeUnit.MILLISECONDS);
    executor.scheduleWithFixedDelay(
        this::askAgain,
        timing.refusedRetry().toMillis(),
        timing.refusedRetry().toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** The routes are there: from now on the listeners are told of a connected broker. */
  public void ready() {
    executor.execute(
        () -> {
          ready = true;
          BrokerLink current = link;
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

  /**
   * Publishes with QoS 1, retained, after what waits already, on the connection of this moment or
   * not at all.
   */
  public void publishNow(String topic, String text, MqttProperties properties) {
    publish(
        new OutgoingMessage(topic, text.getBytes(StandardCharsets.UTF_8), 1, true, properties)
            .onlyOnThisConnection());
  }

  /** One of several bridges knows now who has which charger: it takes its turns as referee. */
  public void refereeFromNowOn() {
    executor.executeUnlessStopped(
        () -> {
          BrokerLink current = link;
          for (Subscription subscription : subscriptions.all()) {
            if (subscribed && current != null && link == current && isAsReferee(subscription)) {
              subscribe(current, subscription);
            }
          }
        });
  }

  /** It takes its turns no more. */
  public void refereeNoMore() {
    executor.executeUnlessStopped(
        () -> {
          for (Subscription subscription : subscriptions.all()) {
            BrokerLink current = link;
            if (subscribed && current != null && isAsReferee(subscription)) {
              current.unsubscribe(subscription.topicFilter());
            }
          }
        });
  }

  private boolean isAsReferee(Subscription subscription) {
    return membership != null
        && subscription.topicFilter().startsWith("$share/%s/".formatted(membership.shareName()));
  }

  /**
   * Listens to a topic that the bridge itself follows, for as long as it runs.
   *
   * @param receiver takes payloads, stored ones too, and the earliest moment at which each can have
   *     arrived, by {@link System#nanoTime}; on the connection's thread, so it must not block
   */
  public void listen(String topic, ObjLongConsumer<byte[]> receiver) {
    subscriptions.wantStored(topic);
    int unused =
        subscribe(
            new Subscription(
                topic,
                1,
                (received, message, arrivedAtNanos) ->
                    receiver.accept(message.getPayload(), arrivedAtNanos)));
  }

  /**
   * Reads what the broker has stored on some topics.
   *
   * @param receiver takes topics and payloads, on the connection's thread; must not block
   * @return ends the reading
   */
  public Runnable readStored(String topicFilter, BiConsumer<String, byte[]> receiver) {
    subscriptions.wantStored(topicFilter);
    int id =
        subscribe(
            new Subscription(
                topicFilter,
                1,
                (topic, message, arrivedAtNanos) -> {
                  if (message.isRetained()) {
                    receiver.accept(topic, message.getPayload());
                  }
                },
                true));
    return () -> unsubscribe(id);
  }

  /**
   * Passes a request from this process on to the routes that a message on this topic would reach,
   * whether the broker is there or not. Waits while routes are reloaded.
   *
   * @param reply takes what becomes of it
   */
  public void deliver(String topic, byte[] payload, LocalReply reply) {
    MqttMessage message = new MqttMessage(payload);
    message.setProperties(reply);
    subscriptions.deliver(topic, message, System.nanoTime());
  }

  int subscribe(Subscription subscription) {
    int id = subscriptions.add(subscription);
    executor.execute(
        () -> {
          BrokerLink current = link;
          if (subscribed && current != null) {
            subscribe(current, subscription);
          }
        });
    return id;
  }

  void unsubscribe(int id) {
    subscriptions.remove(id);
  }

  private void endSubscription(Subscription removed) {
    executor.execute(
        () -> {
          BrokerLink current = link;
          if (subscribed && current != null && !subscriptions.isWanted(removed.topicFilter())) {
            current.unsubscribe(removed.topicFilter());
          }
        });
  }

  /**
   * While paused, no request is delivered; the broker and the connection keep what comes.
   *
   * @param atMost after this time requests are delivered again in any case
   * @param patience how long to wait for the request that is being delivered
   */
  public void pauseDelivery(Duration atMost, Duration patience) {
    subscriptions.pause(atMost, patience);
  }

  /** Ends {@link #pauseDelivery}. */
  public void resumeDelivery() {
    subscriptions.resume();
  }

  private void attempt() {
    if (closing || link != null) {
      return;
    }
    attempts++;
    BrokerLink fresh;
    try {
      fresh = new BrokerLink(settings, outbox, subscriptions, withoutStored, executor, new Owner());
    } catch (MqttException e) {
      LOG.error("Broker {}: {}", settings.broker(), BrokerFailure.explain(e));
      retryLater();
      return;
    }
    connecting = fresh;
    try {
      fresh.connect(availabilityTopic(), "offline", features, timing.connect());
    } catch (MqttException e) {
      fresh.abandon();
      if (!closing && !askForLess(e.getReasonCode())) {
        logFailedAttempt(BrokerFailure.explain(e));
        retryLater();
      }
      return;
    } finally {
      connecting = null;
    }
    link = fresh;
    if (ready) {
      subscribeAll(fresh);
    }
  }

  /**
   * A broker that keeps no retained messages, or takes none of the last will's QoS, refuses the
   * whole connection because of the last will.
   *
   * @return whether the next attempt, which is under way, may do better
   */
  private boolean askForLess(int reasonCode) {
    BrokerFeatures less =
        switch (reasonCode) {
          case MqttReturnCode.RETURN_CODE_RETAIN_NOT_SUPPORTED -> features.withoutRetain();
          case MqttReturnCode.RETURN_CODE_QOS_NOT_SUPPORTED -> features.withLowerQos();
          default -> features;
        };
    if (less.equals(features)) {
      return false;
    }
    features = less;
    executor.execute(this::attempt);
    return true;
  }

  private void logFailedAttempt(String reason) {
    long now = System.nanoTime();
    switch (attemptLog.failed(now, awaySinceNanos)) {
      case NONE -> {}
      case ONE_OF_EACH ->
          LOG.warn(
              "Broker {} can't be reached: {} (attempt {})", settings.broker(), reason, attempts);
      case ONE_A_MINUTE ->
          LOG.warn(
              "Broker {} can't be reached: {} (attempt {}, for {} now; logged once a minute)",
              settings.broker(),
              reason,
              attempts,
              inWords(Duration.ofNanos(now - awaySinceNanos)));
    }
  }

  private static String inWords(Duration duration) {
    long minutes = duration.toMinutes();
    return minutes < 120 ? minutes + " min" : "%d h %02d min".formatted(minutes / 60, minutes % 60);
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

  private void subscribeAll(BrokerLink current) {
    if (membership != null && !followOthers(membership, current)) {
      return;
    }
    for (Subscription subscription : subscriptions.all()) {
      if (isVital(subscription) && !isFollowed(subscription) && !subscribe(current, subscription)) {
        return;
      }
    }
    if (link != current) {
      return;
    }
    subscribed = true;
    subscribedAtNanos = System.nanoTime();
    comingsAndGoings.log(
        suffix ->
            LOG.info(
                "Connected to broker {} as {}{}", settings.broker(), settings.clientId(), suffix));
    sayWhatIsMissing(current);
    long dropped = outbox.droppedSinceLoss();
    if (dropped > 0) {
      LOG.warn("{} messages were dropped while the broker was away", dropped);
    }
    outbox.connected(current, current.receiveMaximum(), availability("online", current));
    for (Subscription subscription : subscriptions.all()) {
      if (link == current && !isVital(subscription) && !isAsReferee(subscription)) {
        subscribe(current, subscription);
      }
    }
  }

  /** Before any request comes it must be known whose it is. */
  private boolean followOthers(Membership group, BrokerLink current) {
    group.began();
    if (!current.hasIdentifiers()) {
      LOG.error(
          "The broker has no subscription identifiers: several bridges (bridge.name) can't share it");
    }
    for (Subscription subscription : subscriptions.all()) {
      if (isFollowed(subscription) && !subscribe(current, subscription)) {
        return false;
      }
    }
    return true;
  }

  private void sayWhatIsMissing(BrokerLink current) {
    if (!current.retains()) {
      LOG.warn(
          "The broker keeps no retained messages: who subscribes later is not told which chargers are online, and nobody is told what comes of a bridge that has crashed");
    }
    if (current.maximumQos() < settings.qos()) {
      LOG.warn(
          "The broker takes no more than QoS {}: messages go out with that instead of mqtt.qos = {}{}",
          current.maximumQos(),
          settings.qos(),
          current.maximumQos() == 0 ? ", and may get lost with a connection" : "");
    }
  }

  /** Without it nobody can ask the bridge for anything; other routes must do without theirs. */
  private boolean isVital(Subscription subscription) {
    return subscription.topicFilter().equals(settings.subscribeTopic()) || isFollowed(subscription);
  }

  private boolean isFollowed(Subscription subscription) {
    return membership != null && membership.followed().contains(subscription.topicFilter());
  }

  /** Returns whether the link is still of use. */
  private boolean subscribe(BrokerLink current, Subscription subscription) {
    // Each may wait for the broker, and there may be many.
    executor.stillAtWork();
    String refusal = current.subscribe(subscription);
    if (refusal == null) {
      refused.remove(subscription);
      return true;
    }
    if (isVital(subscription)) {
      LOG.error("No subscription to {}: {}", subscription.topicFilter(), refusal);
      lost(
          current,
          new LinkEnd(
              LinkEnd.Cause.BROKER_LEFT,
              "without the subscription to %s nobody can ask the bridge for anything"
                  .formatted(subscription.topicFilter())));
      return false;
    }
    if (refused.add(subscription)) {
      LOG.error(
          "No subscription to {} for a route of your own: {}; trying again every {} s",
          subscription.topicFilter(),
          refusal,
          timing.refusedRetry().toSeconds());
    }
    return true;
  }

  /** Access rules are mended while brokers run. */
  private void askAgain() {
    BrokerLink current = link;
    if (!subscribed || current == null) {
      return;
    }
    refused.retainAll(subscriptions.all());
    for (Subscription subscription : List.copyOf(refused)) {
      if (link == current) {
        subscribe(current, subscription);
      }
    }
    if (link == current && availabilityRefused) {
      outbox.add(availability("online", current));
    }
  }

  /**
   * What one topic is refused for may hold for all: rights are withdrawn, and quotas used up, while
   * brokers run. Then nobody hears the chargers any more, whatever the connection looks like.
   */
  private void refused(BrokerLink by) {
    long now = System.nanoTime();
    if (link == by && announced && !probing && now - mayProbeAtNanos >= 0) {
      probing = true;
      mayProbeAtNanos = now + timing.refusedRetry().toNanos();
      outbox.add(availability("online", by));
    }
  }

  private OutgoingMessage availability(String state, BrokerLink by) {
    return new OutgoingMessage(
            availabilityTopic(),
            state.getBytes(StandardCharsets.UTF_8),
            1,
            true,
            membership == null ? new MqttProperties() : membership.greeting(),
            new AvailabilityReceipt(by))
        .onlyOnThisConnection();
  }

  private final class AvailabilityReceipt implements Receipt {
    private final BrokerLink by;

    AvailabilityReceipt(BrokerLink by) {
      this.by = by;
    }

    @Override
    public void acknowledged(int reasonCode) {
      executor.executeUnlessStopped(
          () -> {
            if (reasonCode >= FIRST_FAILURE_CODE) {
              availabilityRefused(by, BrokerFailure.explainReason(reasonCode));
            } else {
              availabilityTaken(by);
            }
          });
    }

    @Override
    public void undeliverable(String reason) {
      executor.executeUnlessStopped(() -> availabilityRefused(by, reason));
    }
  }

  private void availabilityRefused(BrokerLink by, String reason) {
    if (link != by || closing) {
      return;
    }
    probing = false;
    if (!availabilityRefused) {
      availabilityRefused = true;
      LOG.error(
          "The broker refuses what the bridge publishes on {}: {}. Until it takes it, nobody hears the chargers, so none is let in",
          availabilityTopic(),
          reason);
    }
    if (announced) {
      announced = false;
      awaySinceNanos = System.nanoTime();
      listeners.forEach(BrokerListener::brokerLost);
    }
  }

  private void availabilityTaken(BrokerLink by) {
    if (link != by || closing) {
      return;
    }
    probing = false;
    if (announced) {
      return;
    }
    long sinceNanos = subscribedAtNanos;
    if (availabilityRefused) {
      availabilityRefused = false;
      sinceNanos = System.nanoTime();
      LOG.info("The broker takes what the bridge publishes on {}", availabilityTopic());
    }
    announced = true;
    attempts = 0;
    retry = FIRST_RETRY;
    listeners.forEach(BrokerListener::brokerConnected);
    long leftNanos = timing.proof().toNanos() - (System.nanoTime() - sinceNanos);
    int number = ++announcement;
    executor.schedule(() -> prove(by, number), Math.max(0, leftNanos), TimeUnit.NANOSECONDS);
  }

  private void prove(BrokerLink proven, int number) {
    if (link == proven && announced && announcement == number && !closing) {
      withoutStored = false;
      shortLivedInARow = 0;
      listeners.forEach(BrokerListener::brokerProven);
    }
  }

  /** A frozen broker leaves messages unacknowledged; the client may then be stuck in a write. */
  private void checkAlive() {
    BrokerLink current = link;
    Duration patience = settings.keepAlive().multipliedBy(5).dividedBy(2);
    if (current != null && subscribed && outbox.oldestInFlight().compareTo(patience) > 0) {
      lost(current, new LinkEnd(LinkEnd.Cause.SILENCE, "it has stopped responding"));
    }
  }

  private final class Owner implements BrokerLink.Owner {
    @Override
    public void ended(BrokerLink broken, LinkEnd end) {
      executor.executeUnlessStopped(() -> lost(broken, end));
    }

    @Override
    public void refused(BrokerLink by) {
      executor.executeUnlessStopped(() -> BrokerConnection.this.refused(by));
    }
  }

  private void lost(BrokerLink broken, LinkEnd end) {
    if (link != broken) {
      return;
    }
    link = null;
    boolean wasSubscribed = subscribed;
    boolean wasAnnounced = announced;
    subscribed = false;
    announced = false;
    availabilityRefused = false;
    probing = false;
    features = BrokerFeatures.ALL;
    broken.abandon();
    outbox.disconnected(end.mayBeForAMessage(), end.reason());
    if (membership != null) {
      membership.lost();
    }
    if (closing) {
      return;
    }
    comingsAndGoings.log(
        suffix -> LOG.warn("Lost the broker {}: {}{}", settings.broker(), end.reason(), suffix));
    if (wasAnnounced) {
      awaySinceNanos = System.nanoTime();
      listeners.forEach(BrokerListener::brokerLost);
    }
    if (wasSubscribed) {
      reactTo(end);
    }
    retryLater();
  }

  private void reactTo(LinkEnd end) {
    long livedNanos = System.nanoTime() - subscribedAtNanos;
    boolean shortLived = livedNanos < timing.proof().toNanos();
    shortLivedInARow = shortLived ? shortLivedInARow + 1 : 0;
    if (shortLivedInARow >= SUSPICIOUSLY_MANY) {
      retry = SLOWEST_RETRY;
    }
    switch (end.cause()) {
      case TAKEN_OVER ->
          // Not at once: the other one would be thrown out just as fast.
          retry = SLOWEST_RETRY;
      case BROKER_CLOSED -> suspectTakeover();
      case CLIENT_FAULT ->
          // A message in the broker's store would end the next connection as well.
          withoutStored = withoutStored || shortLived;
      case BROKER_LEFT, SILENCE -> {
        // nothing that the next connection could do better
      }
    }
  }

  /** Some brokers hang up on the client that was there first without saying why. */
  private void suspectTakeover() {
    if (shortLivedInARow >= SUSPICIOUSLY_MANY) {
      comingsAndGoings.log(
          suffix ->
              LOG.warn(
                  "{} connections in a row have ended soon after they were made: is another client, perhaps a second bridge, using the same mqtt.client_id {}? Give each its own{}",
                  shortLivedInARow,
                  settings.clientId(),
                  suffix));
    }
  }

  private String availabilityTopic() {
    return membership == null
        ? settings.publishTopic() + "/bridge/availability"
        : membership.availabilityTopic();
  }

  /** Says goodbye: sends what waits, tells that the bridge is offline, and disconnects. */
  public void close() {
    closing = true;
    BrokerLink attempt = connecting;
    if (attempt != null) {
      attempt.abandon();
    }
    CountDownLatch closed = new CountDownLatch(1);
    executor.execute(
        () -> {
          BrokerLink current = link;
          if (current != null && subscribed) {
            publishRetained(availabilityTopic(), "offline");
            outbox.drain(GOODBYE_TIMEOUT);
            current.disconnect();
          }
          closed.countDown();
        });
    try {
      if (!closed.await(2 * GOODBYE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("Could not disconnect from the broker in order: it did not respond");
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
}
