package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.Pulse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
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

  /** A connection that ends sooner, again and again, has most likely been taken over. */
  private static final Duration SHORT_LIVED = Duration.ofSeconds(10);

  private static final int SUSPICIOUSLY_MANY = 2;

  private static final Duration GOODBYE_TIMEOUT = Duration.ofSeconds(2);

  /** How long sources may be paused in vain. */
  private static final long RELIEF_MILLIS = 500;

  private final MqttSettings settings;
  private final Outbox outbox;
  private final Subscriptions subscriptions = new Subscriptions(this::endSubscription);
  private final List<BrokerListener> listeners = new CopyOnWriteArrayList<>();
  private final FailStopExecutor executor = new FailStopExecutor("mqtt-connection");

  private @Nullable BrokerLink link;
  private Duration retry = FIRST_RETRY;
  private int attempts;
  private int shortLivedInARow;
  private boolean ready;
  private boolean closing;
  private boolean connected;
  private long connectedAtNanos;

  /**
   * Creates a connection that is not yet begun.
   *
   * @param settings how to reach the broker
   * @param sourceCount how many sources may each send one more message after being paused
   * @param sources are paused while the broker is too slow for them
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

  int subscribe(Subscription subscription) {
    int id = subscriptions.add(subscription);
    executor.execute(
        () -> {
          BrokerLink current = link;
          if (connected && current != null && !current.subscribe(subscription)) {
            lost(current, "a subscription failed");
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
          if (connected && current != null && !subscriptions.isWanted(removed.topicFilter())) {
            current.unsubscribe(removed.topicFilter());
          }
        });
  }

  /** While paused, no request is delivered; the broker and the connection keep what comes. */
  public void pauseDelivery() {
    subscriptions.pause();
  }

  /** Ends {@link #pauseDelivery}, by the same thread. */
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
      fresh = new BrokerLink(settings, outbox, subscriptions, executor, this::ended);
    } catch (MqttException e) {
      LOG.error("Broker {}: {}", settings.broker(), BrokerFailure.explain(e));
      retryLater();
      return;
    }
    try {
      fresh.connect(availabilityTopic(), "offline");
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

  private void subscribeAll(BrokerLink current) {
    for (Subscription subscription : subscriptions.all()) {
      executor.stillAtWork();
      if (!current.subscribe(subscription)) {
        lost(current, "a subscription failed");
        return;
      }
    }
    if (link != current) {
      return;
    }
    connected = true;
    connectedAtNanos = System.nanoTime();
    attempts = 0;
    retry = FIRST_RETRY;
    LOG.info("Connected to broker {} as {}", settings.broker(), settings.clientId());
    long dropped = outbox.droppedSinceLoss();
    if (dropped > 0) {
      LOG.warn("{} messages were dropped while the broker was away", dropped);
    }
    outbox.connected(current, current.receiveMaximum());
    publishAvailability("online");
    listeners.forEach(BrokerListener::brokerConnected);
    var unused =
        executor.schedule(() -> proven(current), SHORT_LIVED.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void proven(BrokerLink current) {
    if (link == current) {
      listeners.forEach(BrokerListener::brokerProven);
    }
  }

  /** A frozen broker leaves messages unacknowledged; the client may then be stuck in a write. */
  private void checkAlive() {
    BrokerLink current = link;
    Duration patience = settings.keepAlive().multipliedBy(5).dividedBy(2);
    if (current != null && connected && outbox.oldestInFlight().compareTo(patience) > 0) {
      lost(current, "it has stopped answering");
    }
  }

  private void ended(BrokerLink broken, String reason, boolean takenOver) {
    executor.executeUnlessStopped(
        () -> {
          if (takenOver) {
            // Not at once: the other one would be thrown out just as fast.
            retry = SLOWEST_RETRY;
          }
          lost(broken, reason);
        });
  }

  private void lost(BrokerLink broken, String reason) {
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
        suspectTakeover();
        listeners.forEach(BrokerListener::brokerLost);
      }
      retryLater();
    }
  }

  /** Some brokers hang up on the client that was there first without saying why. */
  private void suspectTakeover() {
    long livedNanos = System.nanoTime() - connectedAtNanos;
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
          BrokerLink current = link;
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
}
