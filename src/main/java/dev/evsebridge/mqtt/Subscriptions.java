package dev.evsebridge.mqtt;

import dev.evsebridge.runtime.Gate;
import dev.evsebridge.runtime.Pulse;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.jspecify.annotations.Nullable;

/**
 * What the routes want to receive, and who receives what comes. Delivery can be paused while routes
 * are reloaded: the client library then keeps a few messages, and the broker the others.
 */
final class Subscriptions {

  private final Map<Integer, Subscription> wanted = new ConcurrentHashMap<>();
  private final Set<String> withStored = ConcurrentHashMap.newKeySet();
  private final AtomicInteger idsGiven = new AtomicInteger();

  /**
   * The identifier that the broker puts on what a topic filter brings. A filter keeps its own: a
   * request that was on its way while its route was reloaded is for the new one.
   */
  private final Map<String, Integer> filterIds = new ConcurrentHashMap<>();

  private final AtomicInteger filterIdsGiven = new AtomicInteger();
  private final Gate delivery = new Gate();
  private final Pulse delivering = Pulse.whileBusy("delivery of requests");
  private final Queue<Subscription> removedWhilePaused = new ConcurrentLinkedQueue<>();
  private final Consumer<Subscription> removed;
  private final @Nullable Membership membership;
  private volatile boolean paused;

  /**
   * Creates it without any subscription.
   *
   * @param removed takes what was removed; while delivery is paused, only afterwards: a route that
   *     is reloaded wants the same again
   * @param membership says which requests are for this bridge; null for a bridge alone
   */
  Subscriptions(Consumer<Subscription> removed, @Nullable Membership membership) {
    this.removed = removed;
    this.membership = membership;
    if (membership != null) {
      membership
          .followed()
          .forEach(
              filter ->
                  add(
                      new Subscription(
                          filter,
                          1,
                          (topic, message, at) -> membership.heard(topic, message),
                          !membership.echoes(filter))));
      membership.refereed().forEach(filter -> add(asReferee(membership, filter)));
    }
  }

  /** Requests that only this bridge gets: it answers those that no other does. */
  private Subscription asReferee(Membership group, String filter) {
    return new Subscription(
        "$share/%s/%s".formatted(group.shareName(), filter),
        1,
        (topic, message, arrivedAtNanos) -> {
          boolean fromBroker = !message.getProperties().getSubscriptionIdentifiers().isEmpty();
          if (fromBroker && group.isForNobody(filter, topic, message.getPayload())) {
            for (Subscription subscription : wanted.values()) {
              if (subscription.topicFilter().equals(filter)) {
                subscription.receiver().received(topic, message, arrivedAtNanos);
              }
            }
          }
        });
  }

  /** Of several bridges each would answer a request that is stored. */
  boolean isWithoutStored(String topicFilter) {
    return membership != null
        && !membership.followed().contains(topicFilter)
        && !withStored.contains(topicFilter);
  }

  /** What is stored on topics that are no requests is for each of several bridges. */
  void wantStored(String topicFilter) {
    withStored.add(topicFilter);
  }

  /** Returns what to name the subscription by when it is to be removed. */
  int add(Subscription subscription) {
    int id = idsGiven.incrementAndGet();
    wanted.put(id, subscription);
    return id;
  }

  void remove(int id) {
    Subscription subscription = wanted.remove(id);
    if (subscription == null) {
      return;
    }
    if (paused) {
      removedWhilePaused.add(subscription);
    } else {
      removed.accept(subscription);
    }
  }

  Collection<Subscription> all() {
    return wanted.values();
  }

  boolean isWanted(String topicFilter) {
    return wanted.values().stream().anyMatch(each -> each.topicFilter().equals(topicFilter));
  }

  /** To the broker all subscriptions to the same topic filter are one, with the highest QoS. */
  int qos(Subscription subscription) {
    return wanted.values().stream()
        .filter(other -> other.topicFilter().equals(subscription.topicFilter()))
        .mapToInt(Subscription::qos)
        .reduce(subscription.qos(), Math::max);
  }

  int filterId(String topicFilter) {
    return filterIds.computeIfAbsent(topicFilter, filter -> filterIdsGiven.incrementAndGet());
  }

  /**
   * Passes a message on to everybody who wants it; waits while delivery is paused.
   *
   * @param arrivedAtNanos when it arrived, by {@link System#nanoTime}
   */
  void deliver(String topic, MqttMessage message, long arrivedAtNanos) {
    delivering.begin();
    delivery.enter();
    try {
      List<Integer> ids = message.getProperties().getSubscriptionIdentifiers();
      for (Subscription subscription : wanted.values()) {
        boolean meant =
            ids.isEmpty()
                ? Topics.matches(subscription.topicFilter(), topic)
                : ids.contains(filterIds.get(subscription.topicFilter()));
        if (!meant) {
          continue;
        }
        if (membership != null && membership.isForAll(subscription.topicFilter())) {
          membership.doPart(topic, message, arrivedAtNanos);
        } else if (isForThisBridge(subscription, topic, message)) {
          subscription.receiver().received(topic, message, arrivedAtNanos);
        }
      }
    } finally {
      delivery.leave();
      delivering.end();
    }
  }

  private boolean isForThisBridge(Subscription subscription, String topic, MqttMessage message) {
    return membership == null
        || message.getProperties() instanceof LocalReply
        || membership.isForThisBridge(subscription.topicFilter(), topic, message.getPayload());
  }

  /** Beats while requests get through. */
  Pulse delivering() {
    return delivering;
  }

  /**
   * From now on no message is delivered, until {@link #resume}.
   *
   * @param atMost after this time messages are delivered again in any case
   * @param patience how long to wait for the message that is being delivered
   */
  void pause(Duration atMost, Duration patience) {
    paused = true;
    delivery.close(atMost);
    boolean unused = delivery.awaitEmpty(patience);
  }

  /** Ends {@link #pause}. */
  void resume() {
    paused = false;
    delivery.open();
    for (Subscription each = removedWhilePaused.poll();
        each != null;
        each = removedWhilePaused.poll()) {
      removed.accept(each);
    }
  }
}
