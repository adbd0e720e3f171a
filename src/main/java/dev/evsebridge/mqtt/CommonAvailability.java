package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.Secret;
import dev.evsebridge.runtime.FailStopExecutor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says that any of several bridges is online. It is a small connection that one of them holds,
 * always with the same client id, so that the next one takes it over; its last will, that none is
 * left, waits long enough for that.
 */
public final class CommonAvailability {

  private static final Logger LOG = LoggerFactory.getLogger(CommonAvailability.class);

  private static final Duration PATIENCE = Duration.ofSeconds(4);

  /** In this time the next bridge takes over. */
  private static final long WILL_DELAY_SECONDS = 5;

  /** Longer than the delay: the end of the session would send the will at once. */
  private static final long SESSION_SECONDS = 60;

  private static final long EXPIRY_SECONDS = 35;
  private static final Duration BEAT = Duration.ofSeconds(10);
  private static final Duration RETRY = Duration.ofSeconds(3);
  private static final long LONGEST_PACKET_BYTES = 64 * 1024;

  private final MqttSettings settings;
  private final String topic;
  private final FailStopExecutor executor = new FailStopExecutor("common-availability");
  private @Nullable NetworkClient client;
  private @Nullable BrokerNetwork network;
  private long saidAtNanos;
  private long triedAtNanos = System.nanoTime() - RETRY.toNanos();

  /** Creates it without a connection. */
  public CommonAvailability(MqttSettings settings) {
    this.settings = settings;
    this.topic = settings.publishTopic() + "/bridge/availability";
  }

  /**
   * To be called every now and then; returns at once.
   *
   * @param mine whether it is for this bridge to hold it
   */
  public void look(boolean mine) {
    executor.executeUnlessStopped(() -> lookNow(mine));
  }

  private void lookNow(boolean mine) {
    NetworkClient current = client;
    long now = System.nanoTime();
    try {
      if (current != null && current.isConnected()) {
        if (now - saidAtNanos >= BEAT.toNanos()) {
          say(current, "online", EXPIRY_SECONDS);
        }
      } else {
        abandon();
        if (mine && now - triedAtNanos >= RETRY.toNanos()) {
          triedAtNanos = now;
          connect();
        }
      }
    } catch (MqttException | RuntimeException e) {
      // RuntimeException: Paho's, or of a password file that can't be read just now.
      LOG.warn(
          "The availability that all bridges have in common can't be said on {}: {}",
          topic,
          BrokerFailure.explain(e));
      abandon();
    }
  }

  private void connect() throws MqttException {
    BrokerNetwork fresh =
        new BrokerNetwork(
            settings.broker(),
            settings.tls(),
            LONGEST_PACKET_BYTES,
            BrokerLink.keepAliveSeconds(settings));
    network = fresh;
    NetworkClient connecting =
        new NetworkClient("dehneevse_mqtt_bridges:" + settings.publishTopic(), fresh);
    client = connecting;
    connecting.connect(options()).waitForCompletion(PATIENCE.toMillis());
    say(connecting, "online", EXPIRY_SECONDS);
  }

  private MqttConnectionOptions options() {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setCleanStart(false);
    options.setSessionExpiryInterval(SESSION_SECONDS);
    options.setAutomaticReconnect(false);
    options.setConnectionTimeout((int) PATIENCE.toSeconds());
    options.setKeepAliveInterval(BrokerLink.keepAliveSeconds(settings));
    MqttProperties properties = new MqttProperties();
    properties.setWillDelayInterval(WILL_DELAY_SECONDS);
    options.setWill(
        topic, new MqttMessage("offline".getBytes(StandardCharsets.UTF_8), 1, true, properties));
    options.setWillMessageProperties(properties);
    settings.username().ifPresent(options::setUserName);
    settings.password().map(Secret::reveal).ifPresent(options::setPassword);
    return options;
  }

  private void say(NetworkClient by, String text, long expirySeconds) throws MqttException {
    saidAtNanos = System.nanoTime();
    MqttProperties properties = new MqttProperties();
    if (expirySeconds > 0) {
      properties.setMessageExpiryInterval(expirySeconds);
    }
    by.publish(topic, new MqttMessage(text.getBytes(StandardCharsets.UTF_8), 1, true, properties))
        .waitForCompletion(PATIENCE.toMillis());
  }

  /** Without a goodbye: should nobody take over, the broker says the will. */
  private void abandon() {
    NetworkClient old = client;
    BrokerNetwork under = network;
    client = null;
    network = null;
    try {
      if (under != null) {
        under.stop();
      }
      if (old != null) {
        old.disconnectForcibly(0, 0, false);
        old.close(true);
      }
    } catch (IOException | MqttException | RuntimeException e) {
      // RuntimeException: of a client whose connection is just ending, Paho finds parts missing.
      LOG.debug("The common connection could not be closed: {}", e.getMessage());
    }
  }

  /**
   * Ends it.
   *
   * @param last whether no bridge is left
   */
  public void end(boolean last) {
    executor.executeUnlessStopped(() -> endNow(last));
    boolean unused = executor.finish(PATIENCE);
  }

  private void endNow(boolean last) {
    NetworkClient current = client;
    if (last && current != null && current.isConnected()) {
      try {
        say(current, "offline", 0);
        current.disconnect().waitForCompletion(PATIENCE.toMillis());
        current.close(true);
        return;
      } catch (MqttException | RuntimeException e) {
        LOG.debug("Goodbye to the broker failed: {}", e.getMessage());
      }
    }
    abandon();
  }
}
