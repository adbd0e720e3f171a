package dev.evsebridge.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClientException;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/**
 * An MQTT 5 client at the user's end: records every message of its topics in the order of arrival,
 * and publishes. A message that was taken is no longer there for the next {@code take}; the others
 * stay.
 */
public final class MqttProbe implements AutoCloseable {
  public static final String REQUEST_TOPIC = "to_dehneEVSE";
  public static final String MESSAGE_TOPIC = "from_dehneEVSE";
  public static final String ERROR_TOPIC = "from_dehneEVSE/error";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private volatile MqttAsyncClient client;
  private final Builder settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final List<Message> messages = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private long count;

  private MqttProbe(Builder builder) throws MqttException {
    settings = builder;
    client = newClient();
  }

  /** One that records everything the bridge publishes. */
  public static MqttProbe connect(Mosquitto mosquitto) {
    return builder(mosquitto.url()).subscribingTo(MESSAGE_TOPIC + "/#").connect();
  }

  public static Builder builder(String url) {
    return new Builder(url);
  }

  /** A message as it came. */
  public static final class Message {
    private final long number;
    private final String topic;
    private final byte[] payload;
    private final int qos;
    private final boolean retained;
    private final @Nullable MqttProperties properties;
    private final JsonNode json;

    private Message(long number, String topic, MqttMessage message) {
      this.number = number;
      this.topic = topic;
      payload = message.getPayload();
      qos = message.getQos();
      retained = message.isRetained();
      properties = message.getProperties();
      json = parse(payload);
    }

    private static JsonNode parse(byte[] payload) {
      try {
        return MAPPER.readTree(new String(payload, StandardCharsets.UTF_8));
      } catch (JsonProcessingException notJson) {
        return MissingNode.getInstance();
      }
    }

    /** Its place in the order of arrival, counted from 1. */
    public long number() {
      return number;
    }

    public String topic() {
      return topic;
    }

    public byte[] payload() {
      return payload.clone();
    }

    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    public int qos() {
      return qos;
    }

    public boolean retained() {
      return retained;
    }

    /** The correlation data as text, empty if there are none. */
    public String correlation() {
      byte[] data = properties == null ? null : properties.getCorrelationData();
      return data == null ? "" : new String(data, StandardCharsets.UTF_8);
    }

    public @Nullable MqttProperties properties() {
      return properties;
    }

    /** The message as a tree, a missing node if it is not JSON. */
    public JsonNode json() {
      return json;
    }

    /** A text field of the message, empty if there is none. */
    public String field(String name) {
      return json.path(name).asText("");
    }

    /** Whether it tells of that charger; its state does not count, which comes along with all. */
    public boolean isOf(String clientId) {
      return !isKept() && field("client_id").equals(clientId);
    }

    /** Whether it is one of those that stand retained, and come along with all others. */
    private boolean isKept() {
      return topic.endsWith("/state")
          || topic.endsWith("/firmware")
          || topic.endsWith("/availability")
          || topic.startsWith(MESSAGE_TOPIC + "/bridge/");
    }

    public boolean isType(String messageType) {
      return field("message_type").equals(messageType);
    }

    @Override
    public String toString() {
      String text = text();
      return "#%d %s%s %s"
          .formatted(
              number,
              topic,
              retained ? " (retained)" : "",
              text.length() <= 300 ? text : text.substring(0, 300) + "…");
    }
  }

  public static Predicate<Message> message(String messageType, String clientId) {
    return message ->
        message.topic().equals(MESSAGE_TOPIC)
            && message.isType(messageType)
            && message.isOf(clientId);
  }

  /** Any error on the error topic that names this charger. */
  public static Predicate<Message> errorOf(String clientId) {
    return message -> message.topic().equals(ERROR_TOPIC) && message.isOf(clientId);
  }

  public static Predicate<Message> error() {
    return message -> message.topic().equals(ERROR_TOPIC);
  }

  /** Everything but who is present, in which state, and what the bridge says of itself. */
  public static Predicate<Message> messageOrError() {
    return message -> !message.isKept();
  }

  public static Predicate<Message> onTopic(String topic) {
    return message -> message.topic().equals(topic);
  }

  /** The first message of this sort, waiting for it if there is none yet. */
  public Message take(Predicate<Message> wanted) {
    return take(wanted, Patience.LIMIT);
  }

  public Message take(Predicate<Message> wanted, Duration limit) {
    lock.lock();
    try {
      long nanos = limit.toNanos();
      while (true) {
        for (Message message : messages) {
          if (wanted.test(message)) {
            messages.remove(message);
            return message;
          }
        }
        if (nanos <= 0) {
          throw new AssertionError("no such message within " + limit + "; there are " + summary());
        }
        nanos = arrived.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      lock.unlock();
    }
  }

  /** That many messages of this sort, in the order in which they came, waiting for them. */
  public List<Message> take(int number, Predicate<Message> wanted, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    List<Message> taken = new ArrayList<>(number);
    lock.lock();
    try {
      while (true) {
        List<Message> matching =
            messages.stream().filter(wanted).limit(number - taken.size()).toList();
        messages.removeAll(matching);
        taken.addAll(matching);
        if (taken.size() == number) {
          return taken;
        }
        long left = end - System.nanoTime();
        if (left <= 0 || arrived.awaitNanos(left) <= 0) {
          throw new AssertionError(
              "only %d of %d such messages within %s; others: %s"
                  .formatted(taken.size(), number, limit, summary()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      lock.unlock();
    }
  }

  public List<Message> take(int number, Predicate<Message> wanted) {
    return take(number, wanted, Patience.LIMIT);
  }

  /** What came and was not taken yet, in order; waits for nothing. */
  public List<Message> untaken(Predicate<Message> wanted) {
    lock.lock();
    try {
      return messages.stream().filter(wanted).toList();
    } finally {
      lock.unlock();
    }
  }

  /** How many messages came in all. */
  public long count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets what was not taken. */
  public void forget() {
    lock.lock();
    try {
      messages.clear();
    } finally {
      lock.unlock();
    }
  }

  private String summary() {
    if (messages.isEmpty()) {
      return "none";
    }
    int from = Math.max(0, messages.size() - 30);
    StringBuilder text = new StringBuilder(messages.size() + ":");
    messages.subList(from, messages.size()).forEach(each -> text.append("\n  ").append(each));
    return text.toString();
  }

  /** Publishes a request as any simple client does: no properties, QoS 1. */
  public void request(String json) {
    publish(REQUEST_TOPIC, json.getBytes(StandardCharsets.UTF_8));
  }

  public void publish(String topic, byte[] payload) {
    publish(topic, new MqttMessage(payload, 1, false, new MqttProperties()));
  }

  /** A request with a response topic and correlation data. */
  public void request(String json, String responseTopic, String correlation) {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic(responseTopic);
    properties.setCorrelationData(correlation.getBytes(StandardCharsets.UTF_8));
    publish(
        REQUEST_TOPIC,
        new MqttMessage(json.getBytes(StandardCharsets.UTF_8), 1, false, properties));
  }

  /** A request that the broker and the bridge may deliver only for so long. */
  public void requestExpiringAfter(Duration expiry, String json) {
    MqttProperties properties = new MqttProperties();
    properties.setMessageExpiryInterval(expiry.toSeconds());
    publish(
        REQUEST_TOPIC,
        new MqttMessage(json.getBytes(StandardCharsets.UTF_8), 1, false, properties));
  }

  public void publishRetained(String topic, byte[] payload) {
    publish(topic, new MqttMessage(payload, 1, true, new MqttProperties()));
  }

  /** Publishes a message with any properties; returns when the broker has it. */
  public void publish(String topic, MqttMessage message) {
    Patience.until(
        "the client has room for one more message", () -> publishIfThereIsRoom(topic, message));
  }

  /**
   * A message that the broker may refuse. At a refusal the library ends the connection, sometimes
   * before it says what has become of the message; what the broker has done with it, others see.
   */
  public void tryToPublish(String topic, byte[] payload) {
    try {
      await(client.publish(topic, new MqttMessage(payload, 1, false, new MqttProperties())));
    } catch (MqttException refused) {
      // As expected.
    }
  }

  /** The client gives the room of an acknowledged message back a little later than it says so. */
  private boolean publishIfThereIsRoom(String topic, MqttMessage message) throws MqttException {
    try {
      await(client.publish(topic, message));
      return true;
    } catch (MqttException e) {
      if (e.getReasonCode() == MqttClientException.REASON_CODE_MAX_INFLIGHT) {
        return false;
      }
      throw e;
    }
  }

  public MqttProbe subscribe(String filter) {
    try {
      await(client.subscribe(filter, settings.qos));
      return this;
    } catch (MqttException e) {
      throw new IllegalStateException(e);
    }
  }

  public boolean isConnected() {
    return client.isConnected();
  }

  @Override
  public void close() {
    closed.countDown();
    discard(client);
  }

  private void connectAndSubscribe(boolean subscribing) throws MqttException {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setCleanStart(!settings.keepsSession);
    options.setSessionExpiryInterval(settings.keepsSession ? 3600L : 0L);
    options.setConnectionTimeout(10);
    if (settings.user != null && settings.password != null) {
      options.setUserName(settings.user);
      options.setPassword(settings.password.getBytes(StandardCharsets.UTF_8));
    }
    await(client.connect(options));
    for (String filter : subscribing ? settings.filters : List.<String>of()) {
      subscribe(filter);
    }
  }

  private void connect() throws MqttException {
    connectAndSubscribe(true);
    if (settings.reconnects) {
      Thread reconnecting = new Thread(this::reconnect, "probe-reconnect");
      reconnecting.setDaemon(true);
      reconnecting.start();
    }
  }

  /**
   * Connects again, once a second, each time by a client of its own: one whose connection has ended
   * may wait for its own threads for ever when it connects again (Paho 1.2.5, CommsSender.start).
   */
  private void reconnect() {
    try {
      while (!closed.await(1, TimeUnit.SECONDS)) {
        if (!client.isConnected()) {
          tryToReconnect();
        }
      }
      // It may have been closed in the midst of it.
      discard(client);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tryToReconnect() {
    discard(client);
    try {
      client = newClient();
      connectAndSubscribe(!settings.keepsSession);
    } catch (MqttException | IllegalStateException notYet) {
      // and tried again in a second
    }
  }

  private static void discard(MqttAsyncClient client) {
    try {
      client.disconnectForcibly(0, 500, true);
      client.close(true);
    } catch (MqttException | RuntimeException alreadyGone) {
      // Nothing to say goodbye to; of a client that never connected, Paho finds parts missing.
    }
  }

  private MqttAsyncClient newClient() throws MqttException {
    MqttAsyncClient fresh =
        new MqttAsyncClient(settings.url, settings.clientId, new MemoryPersistence());
    fresh.setCallback(new Recorder());
    return fresh;
  }

  private static void await(IMqttToken token) throws MqttException {
    token.waitForCompletion(Patience.LIMIT.toMillis());
  }

  private final class Recorder implements MqttCallback {
    @Override
    public void messageArrived(String topic, MqttMessage message) {
      lock.lock();
      try {
        count++;
        Message arrival = new Message(count, topic, message);
        if (settings.consumer != null) {
          settings.consumer.accept(arrival);
          return;
        }
        messages.add(arrival);
        arrived.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void connectComplete(boolean reconnect, String serverUri) {
      // connect() waits by itself
    }

    @Override
    public void disconnected(MqttDisconnectResponse response) {
      // seen by the test as messages that do not come
    }

    @Override
    public void mqttErrorOccurred(MqttException exception) {
      // as above
    }

    @Override
    public void deliveryComplete(IMqttToken token) {
      // publish() waits by itself
    }

    @Override
    public void authPacketArrived(int reasonCode, MqttProperties properties) {
      // no such authentication here
    }
  }

  /** How it connects; without any choice as an anonymous client that is gone when it is gone. */
  public static final class Builder {
    private final String url;
    private final List<String> filters = new ArrayList<>();
    private String clientId = "probe-" + UUID.randomUUID();
    private @Nullable String user;
    private @Nullable String password;
    private int qos = 1;
    private boolean keepsSession;
    private boolean reconnects;
    private @Nullable Consumer<Message> consumer;

    private Builder(String url) {
      this.url = url;
    }

    public Builder subscribingTo(String filter) {
      filters.add(filter);
      return this;
    }

    public Builder clientId(String id) {
      clientId = id;
      return this;
    }

    public Builder user(String name, String secret) {
      user = name;
      password = secret;
      return this;
    }

    public Builder qos(int level) {
      qos = level;
      return this;
    }

    /** The broker keeps messages for it while it is away. */
    public Builder keepingSession() {
      keepsSession = true;
      return this;
    }

    /** Keeps nothing, and hands each message to this as it comes. */
    public Builder handingTo(Consumer<Message> taker) {
      consumer = taker;
      return this;
    }

    /** Comes back by itself within about a second. */
    public Builder reconnecting() {
      reconnects = true;
      return this;
    }

    public MqttProbe connect() {
      try {
        MqttProbe probe = new MqttProbe(this);
        probe.connect();
        return probe;
      } catch (MqttException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
