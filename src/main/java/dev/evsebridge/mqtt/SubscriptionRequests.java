package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.FailStopExecutor;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the broker for what is to be received: first for what the bridge can't do without, and again
 * and again for what was refused. On the connection's thread only; each request waits for the
 * broker.
 */
final class SubscriptionRequests {

  private static final Logger LOG = LoggerFactory.getLogger(SubscriptionRequests.class);

  private final MqttSettings settings;
  private final Subscriptions subscriptions;
  private final @Nullable Membership membership;
  private final Duration retry;
  private final FailStopExecutor executor;
  private final Set<Subscription> refused = new HashSet<>();

  /**
   * Creates it.
   *
   * @param membership says what is followed and refereed; null for a bridge alone
   * @param retry how often the caller asks again; for the log
   * @param executor of the connection; may be watched
   */
  SubscriptionRequests(
      MqttSettings settings,
      Subscriptions subscriptions,
      @Nullable Membership membership,
      Duration retry,
      FailStopExecutor executor) {
    this.settings = settings;
    this.subscriptions = subscriptions;
    this.membership = membership;
    this.retry = retry;
    this.executor = executor;
  }

  /**
   * Asks for what the bridge can't do without.
   *
   * @return why the link is of no use; null when all was granted
   */
  @Nullable LinkEnd askForVital(BrokerLink link) {
    LinkEnd end = membership == null ? null : followOthers(membership, link);
    for (Subscription subscription : subscriptions.all()) {
      if (end == null && isVital(subscription) && !isFollowed(subscription)) {
        end = ask(link, subscription);
      }
    }
    return end;
  }

  /** Before any request comes it must be known whose it is. */
  private @Nullable LinkEnd followOthers(Membership group, BrokerLink link) {
    group.began();
    if (!link.hasIdentifiers()) {
      LOG.error(
          "The broker has no subscription identifiers: several bridges (bridge.name) can't share it");
    }
    LinkEnd end = null;
    for (Subscription subscription : subscriptions.all()) {
      if (end == null && isFollowed(subscription)) {
        end = ask(link, subscription);
      }
    }
    return end;
  }

  /** Asks for what other routes, and the bridge itself, would like to receive. */
  void askForOthers(BrokerLink link) {
    for (Subscription subscription : subscriptions.all()) {
      if (!isVital(subscription) && !isAsReferee(subscription)) {
        LinkEnd unused = ask(link, subscription);
      }
    }
  }

  /**
   * Asks for one.
   *
   * @return why the link is of no use; null when it still is
   */
  @Nullable LinkEnd ask(BrokerLink link, Subscription subscription) {
    // Each may wait for the broker, and there may be many.
    executor.stillAtWork();
    String refusal = link.subscribe(subscription);
    if (refusal == null) {
      refused.remove(subscription);
      return null;
    }
    if (isVital(subscription)) {
      LOG.error("No subscription to {}: {}", subscription.topicFilter(), refusal);
      return new LinkEnd(
          LinkEnd.Cause.BROKER_LEFT,
          "without the subscription to %s nobody can ask the bridge for anything"
              .formatted(subscription.topicFilter()));
    }
    if (refused.add(subscription)) {
      LOG.error(
          "No subscription to {} for a route of your own: {}; trying again every {} s",
          subscription.topicFilter(),
          refusal,
          retry.toSeconds());
    }
    return null;
  }

  /** Access rules are mended while brokers run. */
  void askAgain(BrokerLink link) {
    refused.retainAll(subscriptions.all());
    for (Subscription subscription : List.copyOf(refused)) {
      LinkEnd unused = ask(link, subscription);
    }
  }

  /** Ends what nobody wants any more. */
  void end(BrokerLink link, Subscription removed) {
    if (!subscriptions.isWanted(removed.topicFilter())) {
      link.unsubscribe(removed.topicFilter());
    }
  }

  /** One of several bridges takes its turns as referee. */
  void askAsReferee(BrokerLink link) {
    for (Subscription subscription : subscriptions.all()) {
      if (isAsReferee(subscription)) {
        LinkEnd unused = ask(link, subscription);
      }
    }
  }

  /** It takes its turns no more. */
  void endAsReferee(BrokerLink link) {
    for (Subscription subscription : subscriptions.all()) {
      if (isAsReferee(subscription)) {
        link.unsubscribe(subscription.topicFilter());
      }
    }
  }

  /** Without it nobody can ask the bridge for anything; other routes must do without theirs. */
  private boolean isVital(Subscription subscription) {
    return subscription.topicFilter().equals(settings.subscribeTopic()) || isFollowed(subscription);
  }

  private boolean isFollowed(Subscription subscription) {
    return membership != null && membership.followed().contains(subscription.topicFilter());
  }

  private boolean isAsReferee(Subscription subscription) {
    return membership != null
        && subscription.topicFilter().startsWith("$share/%s/".formatted(membership.shareName()));
  }
}
