package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.Pulse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.MqttReturnCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a link to the broker: makes one, notices its end, and makes the next, for ever. A new
 * {@link BrokerLink} is made for each attempt so that nothing of a broken connection lives on. All
 * of it happens on one thread of its own, the connection's thread.
 */
final class LinkKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(LinkKeeper.class);

  private static final Duration GOODBYE_TIMEOUT = Duration.ofSeconds(2);

  /** How long sources may be paused in vain. */
  private static final long RELIEF_MILLIS = 500;

  private final MqttSettings settings;
  private final Outbox outbox;
  private final Subscriptions subscriptions;
  private final @Nullable Membership membership;
  private final Timing timing;
  private final FailStopExecutor executor = new FailStopExecutor("mqtt-connection");
  private final Reconnects reconnects;
  private final SubscriptionRequests requests;
  private final OwnAvailability availability;
  private final ConnectionLog log;

  /** The one that is being connected; given up when the bridge stops. */
  private volatile @Nullable BrokerLink connecting;

  private volatile boolean closing;
  private @Nullable BrokerLink link;
  private BrokerFeatures features = BrokerFeatures.ALL;
  private boolean ready;
  private boolean subscribed;
  private long subscribedAtNanos;

  /**
   * Creates it; nothing is begun yet.
   *
   * @param membership what one of several bridges adds; null for a bridge alone
   */
  LinkKeeper(
      MqttSettings settings,
      Outbox outbox,
      Subscriptions subscriptions,
      @Nullable Membership membership,
      Timing timing) {
    this.settings = settings;
    this.outbox = outbox;
    this.subscriptions = subscriptions;
    this.membership = membership;
    this.timing = timing;
    log = new ConnectionLog(settings);
    reconnects = new Reconnects(timing.proof());
    requests =
        new SubscriptionRequests(
            settings, subscriptions, membership, timing.refusedRetry(), executor);
    availability = new OwnAvailability(settings, outbox, membership, timing, reconnects, executor);
  }

  /** Adds somebody to be told when the broker comes and goes; before {@link #start}. */
  void addListener(BrokerListener listener) {
    availability.addListener(listener);
  }

  /** Beats while the link is looked after. */
  Pulse pulse() {
    return executor.pulse();
  }

  /** Begins to connect; returns at once. */
  void start() {
    executor.execute(this::attempt);
    repeat(this::checkAlive, Math.max(200, settings.keepAlive().toMillis() / 4));
    repeat(outbox::relieveWhenIdle, RELIEF_MILLIS);
    repeat(this::askAgain, timing.refusedRetry().toMillis());
  }

  private void repeat(Runnable task, long periodMillis) {
    var unused =
        executor.scheduleWithFixedDelay(task, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
  }

  /** The routes are there: from now on a connected broker is asked for what they want. */
  void ready() {
    executor.execute(
        () -> {
          ready = true;
          BrokerLink current = link;
          if (current != null) {
            subscribe(current);
          }
        });
  }

  /** Asks the broker for something, if it is there. */
  void ask(Subscription subscription) {
    executor.execute(
        () -> {
          BrokerLink current = link;
          if (subscribed && current != null) {
            LinkEnd end = requests.ask(current, subscription);
            if (end != null) {
              lost(current, end);
            }
          }
        });
  }

  /** Ends what was asked for, if the broker is there and nobody else wants it. */
  void end(Subscription removed) {
    executor.execute(() -> ifSubscribed((asker, current) -> asker.end(current, removed)));
  }

  /** One of several bridges takes its turns as referee from now on, or no more. */
  void referee(boolean takesTurns) {
    executor.executeUnlessStopped(
        () ->
            ifSubscribed(
                takesTurns
                    ? SubscriptionRequests::askAsReferee
                    : SubscriptionRequests::endAsReferee));
  }

  private void ifSubscribed(BiConsumer<SubscriptionRequests, BrokerLink> action) {
    BrokerLink current = link;
    if (subscribed && current != null) {
      action.accept(requests, current);
    }
  }

  private void askAgain() {
    ifSubscribed(SubscriptionRequests::askAgain);
    availability.askAgain();
  }

  private void attempt() {
    if (closing || link != null) {
      return;
    }
    reconnects.attempt();
    BrokerLink fresh;
    try {
      fresh =
          new BrokerLink(
              settings, outbox, subscriptions, reconnects.withoutStored(), executor, new Owner());
    } catch (MqttException e) {
      log.unusable(BrokerFailure.explain(e));
      retryLater();
      return;
    }
    connecting = fresh;
    try {
      fresh.connect(availability.topic(), OwnAvailability.OFFLINE, features, timing.connect());
    } catch (MqttException e) {
      fresh.abandon();
      if (!closing && !askForLess(e.getReasonCode())) {
        log.failed(BrokerFailure.explain(e), reconnects.attempts(), availability.awaySinceNanos());
        retryLater();
      }
      return;
    } finally {
      connecting = null;
    }
    link = fresh;
    if (ready) {
      subscribe(fresh);
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

  private void retryLater() {
    if (!closing) {
      executor.schedule(this::attempt, reconnects.delay().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void subscribe(BrokerLink current) {
    LinkEnd end = requests.askForVital(current);
    if (end != null) {
      lost(current, end);
      return;
    }
    if (link != current) {
      return;
    }
    subscribed = true;
    subscribedAtNanos = System.nanoTime();
    log.connected(current);
    long dropped = outbox.droppedSinceLoss();
    if (dropped > 0) {
      LOG.warn("{} messages were dropped while the broker was away", dropped);
    }
    outbox.connected(
        current, current.receiveMaximum(), availability.begin(current, subscribedAtNanos));
    requests.askForOthers(current);
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
      executor.executeUnlessStopped(() -> availability.messageRefused(by));
    }
  }

  private void lost(BrokerLink broken, LinkEnd end) {
    if (link != broken) {
      return;
    }
    link = null;
    boolean wasSubscribed = subscribed;
    subscribed = false;
    features = BrokerFeatures.ALL;
    broken.abandon();
    outbox.disconnected(end.mayBeForAMessage(), end.reason());
    if (membership != null) {
      membership.lost();
    }
    if (!closing) {
      log.lost(end.reason());
    }
    availability.end();
    if (closing) {
      return;
    }
    if (wasSubscribed) {
      learnFrom(end);
    }
    retryLater();
  }

  private void learnFrom(LinkEnd end) {
    reconnects.ended(end.cause(), Duration.ofNanos(System.nanoTime() - subscribedAtNanos));
    if (reconnects.isTakeoverLikely(end.cause())) {
      log.takeoverLikely(reconnects.shortLivedInARow());
    }
  }

  /** Says goodbye: sends what waits, tells that the bridge is offline, and disconnects. */
  void close() {
    closing = true;
    availability.close();
    BrokerLink attempt = connecting;
    if (attempt != null) {
      attempt.abandon();
    }
    CountDownLatch closed = new CountDownLatch(1);
    executor.execute(
        () -> {
          BrokerLink current = link;
          if (current != null && subscribed) {
            outbox.add(offline());
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
  }

  private OutgoingMessage offline() {
    return new OutgoingMessage(
        availability.topic(),
        OwnAvailability.OFFLINE.getBytes(StandardCharsets.UTF_8),
        1,
        true,
        new MqttProperties());
  }
}
