package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.Pulse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.ObjLongConsumer;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge's one connection to its broker, as the others see it: what they publish waits in the
 * {@link Outbox}, what they want to receive stands in {@link Subscriptions}, and a {@link
 * LinkKeeper} keeps the network connection up. Publishing never waits.
 */
public final class BrokerConnection {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerConnection.class);

  /** Messages may take this part of the heap. */
  private static final int HEAP_SHARE = 8;

  private static final long LEAST_BUFFER_BYTES = 4L * 1024 * 1024;

  private final MqttSettings settings;
  private final Outbox outbox;
  private final Subscriptions subscriptions;
  private final LinkKeeper keeper;

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
    long bufferBytes = Math.max(LEAST_BUFFER_BYTES, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    outbox = new Outbox(settings.bufferMessages(), bufferBytes, sourceCount, sources);
    subscriptions = new Subscriptions(this::removed, membership);
    keeper = new LinkKeeper(settings, outbox, subscriptions, membership, timing);
  }

  /** How the broker is reached. */
  public MqttSettings settings() {
    return settings;
  }

  /** Adds somebody to be told when the broker comes and goes; before {@link #start}. */
  public void addListener(BrokerListener listener) {
    keeper.addListener(listener);
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
    return List.of(keeper.pulse(), subscriptions.delivering());
  }

  /** Begins to connect; returns at once. */
  public void start() {
    keeper.start();
  }

  /** The routes are there: from now on the listeners are told of a connected broker. */
  public void ready() {
    keeper.ready();
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
    keeper.referee(true);
  }

  /** It takes its turns no more. */
  public void refereeNoMore() {
    keeper.referee(false);
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
    keeper.ask(subscription);
    return id;
  }

  void unsubscribe(int id) {
    subscriptions.remove(id);
  }

  private void removed(Subscription subscription) {
    keeper.end(subscription);
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

  /** Says goodbye: sends what waits, tells that the bridge is offline, and disconnects. */
  public void close() {
    keeper.close();
    int left = outbox.size();
    if (left > 0) {
      LOG.warn("{} messages could not be sent before the end", left);
    }
  }
}
