package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.FailStopExecutor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge's own availability at the broker, and what it proves: a broker counts as connected
 * only while it takes that message, and as proven when it has done so for a while. Listeners are
 * told of both. On the connection's thread only, but for adding listeners.
 */
final class OwnAvailability {

  private static final Logger LOG = LoggerFactory.getLogger(OwnAvailability.class);

  static final String OFFLINE = "offline";

  private static final String ONLINE = "online";

  private static final int FIRST_FAILURE_CODE = 0x80;

  private final Outbox outbox;
  private final @Nullable Membership membership;
  private final Timing timing;
  private final Reconnects reconnects;
  private final FailStopExecutor executor;
  private final String topic;
  private final List<BrokerListener> listeners = new CopyOnWriteArrayList<>();

  /** What it was said on last; null when that has ended. */
  private @Nullable BrokerLink link;

  private boolean announced;
  private boolean refused;

  /** Whether it is published again, to see whether the broker takes anything. */
  private boolean probing;

  /** Which of the times that the broker has taken it the last one was. */
  private int announcement;

  private long subscribedAtNanos;
  private long mayProbeAtNanos = System.nanoTime();
  private long awaySinceNanos = System.nanoTime();
  private volatile boolean closing;

  /**
   * Creates it.
   *
   * @param membership where one of several bridges says it; null for a bridge alone
   * @param reconnects learns that the broker is there, and that the connection works
   * @param executor of the connection
   */
  OwnAvailability(
      MqttSettings settings,
      Outbox outbox,
      @Nullable Membership membership,
      Timing timing,
      Reconnects reconnects,
      FailStopExecutor executor) {
    this.outbox = outbox;
    this.membership = membership;
    this.timing = timing;
    this.reconnects = reconnects;
    this.executor = executor;
    this.topic =
        membership == null
            ? settings.publishTopic() + "/bridge/availability"
            : membership.availabilityTopic();
  }

  void addListener(BrokerListener listener) {
    listeners.add(listener);
  }

  String topic() {
    return topic;
  }

  /** When the broker was lost, or the bridge was started. */
  long awaySinceNanos() {
    return awaySinceNanos;
  }

  /**
   * The bridge can be asked on this link.
   *
   * @return what is to be sent before everything else
   */
  OutgoingMessage begin(BrokerLink current, long subscribedSinceNanos) {
    link = current;
    subscribedAtNanos = subscribedSinceNanos;
    return online(current);
  }

  /** The link has ended. */
  void end() {
    boolean wasAnnounced = announced;
    link = null;
    announced = false;
    refused = false;
    probing = false;
    if (wasAnnounced && !closing) {
      lost();
    }
  }

  /** From now on nobody is told of anything. May be called by any thread. */
  void close() {
    closing = true;
  }

  /** Rights are given back, and quotas raised, while brokers run. */
  void askAgain() {
    BrokerLink current = link;
    if (current != null && refused) {
      outbox.add(online(current));
    }
  }

  /**
   * What one topic is refused for may hold for all: rights are withdrawn, and quotas used up, while
   * brokers run. Then nobody hears the chargers any more, whatever the connection looks like.
   */
  void messageRefused(BrokerLink by) {
    long now = System.nanoTime();
    if (link == by && announced && !probing && now - mayProbeAtNanos >= 0) {
      probing = true;
      mayProbeAtNanos = now + timing.refusedRetry().toNanos();
      outbox.add(online(by));
    }
  }

  private OutgoingMessage online(BrokerLink by) {
    return new OutgoingMessage(
            topic,
            ONLINE.getBytes(StandardCharsets.UTF_8),
            1,
            true,
            membership == null ? new MqttProperties() : membership.greeting(),
            new OnlineReceipt(by))
        .onlyOnThisConnection();
  }

  private final class OnlineReceipt implements Receipt {
    private final BrokerLink by;

    OnlineReceipt(BrokerLink by) {
      this.by = by;
    }

    @Override
    public void acknowledged(int reasonCode) {
      executor.executeUnlessStopped(
          () -> {
            if (reasonCode >= FIRST_FAILURE_CODE) {
              refused(by, BrokerFailure.explainReason(reasonCode));
            } else {
              taken(by);
            }
          });
    }

    @Override
    public void undeliverable(String reason) {
      executor.executeUnlessStopped(() -> refused(by, reason));
    }
  }

  private void refused(BrokerLink by, String reason) {
    if (link != by || closing) {
      return;
    }
    probing = false;
    if (!refused) {
      refused = true;
      LOG.error(
          "The broker refuses what the bridge publishes on {}: {}. Until it takes it, nobody hears the chargers, so none is let in",
          topic,
          reason);
    }
    if (announced) {
      announced = false;
      lost();
    }
  }

  private void lost() {
    awaySinceNanos = System.nanoTime();
    listeners.forEach(BrokerListener::brokerLost);
  }

  private void taken(BrokerLink by) {
    if (link != by || closing) {
      return;
    }
    probing = false;
    if (announced) {
      return;
    }
    long sinceNanos = subscribedAtNanos;
    if (refused) {
      refused = false;
      sinceNanos = System.nanoTime();
      LOG.info("The broker takes what the bridge publishes on {}", topic);
    }
    announced = true;
    reconnects.connected();
    listeners.forEach(BrokerListener::brokerConnected);
    long leftNanos = timing.proof().toNanos() - (System.nanoTime() - sinceNanos);
    int number = ++announcement;
    executor.schedule(() -> prove(by, number), Math.max(0, leftNanos), TimeUnit.NANOSECONDS);
  }

  private void prove(BrokerLink proven, int number) {
    if (link == proven && announced && announcement == number && !closing) {
      reconnects.proven();
      listeners.forEach(BrokerListener::brokerProven);
    }
  }
}
