package dev.evsebridge.mqtt;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.runtime.LogThrottle;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the log says of the broker's comings and goings. Used by the connection's thread. */
final class ConnectionLog {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLog.class);

  private final MqttSettings settings;
  private final AttemptLog attempts = new AttemptLog();

  /** The two of a pair that fight for one client id would fill the log. */
  private final LogThrottle comingsAndGoings = new LogThrottle(10, Duration.ofMinutes(1));

  ConnectionLog(MqttSettings settings) {
    this.settings = settings;
  }

  /** An attempt can't even begin. */
  void unusable(String reason) {
    LOG.error("Broker {}: {}", settings.broker(), reason);
  }

  /**
   * An attempt has failed.
   *
   * @param number which one it was since the broker was there
   * @param awaySinceNanos when the broker was lost, or the bridge was started
   */
  void failed(String reason, int number, long awaySinceNanos) {
    long now = System.nanoTime();
    switch (attempts.failed(now, awaySinceNanos)) {
      case NONE -> {}
      case ONE_OF_EACH ->
          LOG.warn(
              "Broker {} can't be reached: {} (attempt {})", settings.broker(), reason, number);
      case ONE_A_MINUTE ->
          LOG.warn(
              "Broker {} can't be reached: {} (attempt {}, for {} now; logged once a minute)",
              settings.broker(),
              reason,
              number,
              inWords(Duration.ofNanos(now - awaySinceNanos)));
    }
  }

  private static String inWords(Duration duration) {
    long minutes = duration.toMinutes();
    return minutes < 120 ? minutes + " min" : "%d h %02d min".formatted(minutes / 60, minutes % 60);
  }

  /** The bridge can be asked; with what this broker does not do for it. */
  void connected(BrokerLink link) {
    comingsAndGoings.log(
        suffix ->
            LOG.info(
                "Connected to broker {} as {}{}", settings.broker(), settings.clientId(), suffix));
    if (!link.retains()) {
      LOG.warn(
          "The broker keeps no retained messages: who subscribes later is not told which chargers are online, and nobody is told what comes of a bridge that has crashed");
    }
    if (link.maximumQos() < settings.qos()) {
      LOG.warn(
          "The broker takes no more than QoS {}: messages go out with that instead of mqtt.qos = {}{}",
          link.maximumQos(),
          settings.qos(),
          link.maximumQos() == 0 ? ", and may get lost with a connection" : "");
    }
  }

  /** The connection has ended. */
  void lost(String reason) {
    comingsAndGoings.log(
        suffix -> LOG.warn("Lost the broker {}: {}{}", settings.broker(), reason, suffix));
  }

  /** Another client may be using the same id. */
  void takeoverLikely(int shortLivedInARow) {
    comingsAndGoings.log(
        suffix ->
            LOG.warn(
                "{} connections in a row have ended soon after they were made: is another client, perhaps a second bridge, using the same mqtt.client_id {}? Give each its own{}",
                shortLivedInARow,
                settings.clientId(),
                suffix));
  }
}
