package dev.evsebridge.testkit;

import dev.evsebridge.config.MqttSettings;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** Settings for tests that read none. */
public final class TestSettings {
  private TestSettings() {}

  /** A broker to publish at on {@code from}, and to hear of on {@code to}. */
  public static MqttSettings mqtt(String broker, Duration keepAlive) {
    return new MqttSettings(
        URI.create(broker),
        "from",
        "to",
        "me",
        1,
        Optional.empty(),
        Optional.empty(),
        keepAlive,
        null,
        100,
        262_144);
  }
}
