package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.Secret;
import dev.evsebridge.runtime.Failures;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries once what the bridge needs of its broker: connecting, publishing, subscribing. It has a
 * client id of its own and publishes only on topics that end in {@code /bridge/check}, or hold the
 * level {@code _check}, so that a bridge that runs meanwhile notices nothing.
 */
public final class BrokerTrial {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerTrial.class);

  private static final String CLIENT_ID_SUFFIX = "-check";
  private static final String TOPIC_SUFFIX = "/bridge/check";

  /** Stands for a charger or a bridge that there is not. */
  private static final String NOBODY = "_check";

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** After its acknowledgement a message comes back within the round-trip time. */
  private static final Duration WAY_BACK = Duration.ofSeconds(2);

  /** Requests to a running bridge come here as well. */
  private static final long LONGEST_PACKET_BYTES = 1024 * 1024;

  private static final int FIRST_FAILURE_CODE = 0x80;
  private static final int NOT_AUTHORIZED = 0x87;

  /** MQTT 5, section 3.8.3.1: nothing that is stored. */
  private static final int NO_STORED_MESSAGES = 2;

  private final MqttSettings settings;
  private final @Nullable Membership membership;
  private final List<String> passed = new ArrayList<>();

  /**
   * Creates the trial.
   *
   * @param settings how to reach the broker
   * @param membership what one of several bridges needs besides; null for a bridge alone
   */
  public BrokerTrial(MqttSettings settings, @Nullable Membership membership) {
    this.settings = settings;
    this.membership = membership;
  }

  /**
   * What has come out.
   *
   * @param passed one sentence about each thing that works, or could not be told
   * @param failure the first thing that does not work, in one sentence; null if all does
   */
  public record Outcome(List<String> passed, @Nullable String failure) {}

  /** Connects, tries, and disconnects. */
  public Outcome run() {
    String failure;
    try {
      failure = connectAndTry();
    } catch (MqttException e) {
      failure = BrokerFailure.explain(e);
    } catch (UncheckedIOException e) {
      failure = Failures.rootMessage(e);
    }
    return new Outcome(List.copyOf(passed), failure);
  }

  private @Nullable String connectAndTry() throws MqttException {
    String clientId = settings.clientId() + CLIENT_ID_SUFFIX;
    MqttAsyncClient client =
        new NetworkClient(
            clientId,
            new BrokerNetwork(
                settings.broker(),
                settings.tls(),
                LONGEST_PACKET_BYTES,
                BrokerLink.keepAliveSeconds(settings)));
    try {
      Echo echo = new Echo();
      client.setCallback(echo);
      IMqttToken token = client.connect(options());
      token.waitForCompletion(PATIENCE.toMillis());
      passed.add("connected to %s as %s".formatted(settings.broker(), clientId));
      MqttProperties stated = token.getResponseProperties();
      int qos = stated.getMaximumQoS() == null ? 1 : Math.min(1, stated.getMaximumQoS());
      if (membership != null && lacksWhatSeveralNeed(stated)) {
        return "it has no shared subscriptions or no subscription identifiers, which several bridges (bridge.name) need";
      }
      return tryRights(client, echo, qos);
    } finally {
      leave(client);
    }
  }

  private MqttConnectionOptions options() {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setCleanStart(true);
    options.setAutomaticReconnect(false);
    options.setConnectionTimeout((int) PATIENCE.toSeconds());
    settings.username().ifPresent(options::setUserName);
    settings.password().map(Secret::reveal).ifPresent(options::setPassword);
    return options;
  }

  private @Nullable String tryRights(MqttAsyncClient client, Echo echo, int qos)
      throws MqttException {
    int refused = publish(client, settings.publishTopic() + TOPIC_SUFFIX, "check", qos);
    if (refused != 0) {
      return "it does not let this client publish below %s (%s)"
          .formatted(settings.publishTopic(), reason(refused));
    }
    passed.add("messages can be published below " + settings.publishTopic());
    String own = settings.subscribeTopic() + TOPIC_SUFFIX;
    for (String filter : List.of(settings.subscribeTopic(), ownFilter(own))) {
      int denied = subscribe(client, filter, qos);
      if (denied != 0) {
        return "it refuses the subscription to %s (%s)".formatted(filter, reason(denied));
      }
    }
    passed.add("it grants the subscription to " + settings.subscribeTopic());
    String failure = membership == null ? null : tryFollowing(membership, client, echo, qos);
    // The last: the client library ends a connection on which it is refused a message.
    return failure == null ? readBack(client, echo, own, qos) : failure;
  }

  /** Brokers grant subscriptions that never bring anything: only a message shows the truth. */
  private @Nullable String readBack(MqttAsyncClient client, Echo echo, String topic, int qos)
      throws MqttException {
    String text = UUID.randomUUID().toString();
    echo.expect(text);
    int refused = publish(client, topic, text, qos);
    if (refused == 0 && echo.came()) {
      passed.add("what is published below %s arrives".formatted(settings.subscribeTopic()));
      return null;
    }
    if (refused == 0 && qos > 0) {
      return "what is published on %s does not arrive; check whether its access rules let this client read %s and below"
          .formatted(topic, settings.subscribeTopic());
    }
    passed.add(
        "not told: whether requests arrive, since this client may not publish below %s itself, which it need not"
            .formatted(settings.subscribeTopic()));
    return null;
  }

  private static boolean lacksWhatSeveralNeed(MqttProperties stated) {
    return Boolean.FALSE.equals(stated.isSharedSubscriptionAvailable())
        || Boolean.FALSE.equals(stated.isSubscriptionIdentifiersAvailable());
  }

  /**
   * Of several bridges it is a shared subscription, as for requests. But no request comes by it:
   * else this client would be given some that are for the bridges.
   */
  private String ownFilter(String topic) {
    return membership == null ? topic : "$share/%s/%s".formatted(membership.shareName(), topic);
  }

  private @Nullable String tryFollowing(
      Membership group, MqttAsyncClient client, Echo echo, int qos) throws MqttException {
    for (String filter : group.followed()) {
      String failure = followBack(client, echo, filter, filter.replace("+", NOBODY), qos);
      if (failure != null) {
        return failure;
      }
    }
    passed.add("what several bridges say of themselves arrives");
    return null;
  }

  private static @Nullable String followBack(
      MqttAsyncClient client, Echo echo, String filter, String topic, int qos)
      throws MqttException {
    int denied = subscribe(client, filter, qos);
    if (denied != 0) {
      return "it refuses the subscription to %s (%s)".formatted(filter, reason(denied));
    }
    String text = UUID.randomUUID().toString();
    echo.expect(text);
    int refused = publish(client, topic, text, qos);
    if (refused != 0) {
      return "it does not let this client publish on %s (%s)".formatted(topic, reason(refused));
    }
    return echo.came()
        ? null
        : "what is published on %s does not arrive; several bridges (bridge.name) need the right to read %s"
            .formatted(topic, filter);
  }

  private static int publish(MqttAsyncClient client, String topic, String text, int qos)
      throws MqttException {
    MqttMessage message = new MqttMessage(text.getBytes(StandardCharsets.UTF_8));
    message.setQos(qos);
    IMqttToken token = client.publish(topic, message);
    token.waitForCompletion(PATIENCE.toMillis());
    return failure(token);
  }

  private static int subscribe(MqttAsyncClient client, String filter, int qos)
      throws MqttException {
    MqttSubscription wanted = new MqttSubscription(filter, qos);
    wanted.setRetainHandling(NO_STORED_MESSAGES);
    IMqttToken token = client.subscribe(wanted);
    token.waitForCompletion(PATIENCE.toMillis());
    return failure(token);
  }

  /** 0, or the code that says why not. */
  private static int failure(IMqttToken token) {
    int[] codes = token.getReasonCodes();
    return codes == null || codes.length == 0 || codes[0] < FIRST_FAILURE_CODE ? 0 : codes[0];
  }

  private static String reason(int code) {
    return code == NOT_AUTHORIZED
        ? "not authorised; check its access rules"
        : BrokerFailure.explainReason(code);
  }

  /** What has been found out stands, however the goodbye goes. */
  private static void leave(MqttAsyncClient client) {
    try {
      if (client.isConnected()) {
        client.disconnect().waitForCompletion(PATIENCE.toMillis());
      }
      client.close(true);
    } catch (MqttException e) {
      LOG.debug("Goodbye to the broker failed: {}", e.getMessage());
    }
  }

  /** Waits for one text. */
  private static final class Echo implements MqttCallback {

    private volatile CountDownLatch arrived = new CountDownLatch(1);
    private volatile @Nullable String expected;

    void expect(String text) {
      arrived = new CountDownLatch(1);
      expected = text;
    }

    boolean came() {
      try {
        return arrived.await(WAY_BACK.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) {
      if (new String(message.getPayload(), StandardCharsets.UTF_8).equals(expected)) {
        arrived.countDown();
      }
    }

    @Override
    public void disconnected(MqttDisconnectResponse response) {}

    @Override
    public void mqttErrorOccurred(MqttException failure) {}

    @Override
    public void deliveryComplete(IMqttToken token) {}

    @Override
    public void connectComplete(boolean reconnect, String serverUri) {}

    @Override
    public void authPacketArrived(int reasonCode, MqttProperties properties) {}
  }
}
