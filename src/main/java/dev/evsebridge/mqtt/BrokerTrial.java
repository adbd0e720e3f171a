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
 * client id of its own and publishes only on topics that end in {@code /bridge/check}, so that a
 * bridge that runs meanwhile notices nothing.
 */
public final class BrokerTrial {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerTrial.class);

  private static final String CLIENT_ID_SUFFIX = "-check";
  private static final String TOPIC_SUFFIX = "/bridge/check";
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
  private final List<String> passed = new ArrayList<>();

  /**
   * Creates the trial.
   *
   * @param settings how to reach the broker
   */
  public BrokerTrial(MqttSettings settings) {
    this.settings = settings;
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
      Integer qos = token.getResponseProperties().getMaximumQoS();
      return tryRights(client, echo, qos == null ? 1 : Math.min(1, qos));
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
    for (String filter : new String[] {settings.subscribeTopic(), own}) {
      int denied = subscribe(client, filter, qos);
      if (denied != 0) {
        return "it refuses the subscription to %s (%s)".formatted(filter, reason(denied));
      }
    }
    passed.add("it grants the subscription to " + settings.subscribeTopic());
    return readBack(client, echo, own, qos);
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

    private final CountDownLatch arrived = new CountDownLatch(1);
    private volatile @Nullable String expected;

    void expect(String text) {
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
