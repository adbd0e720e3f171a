package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.config.SupervisionKeys.WhenControlDies;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupervisionSectionTest {
  private final ConfigurationFolder folder;

  SupervisionSectionTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @Test
  void watchesOverNothingByDefault() throws ConfigurationException {
    assertEquals(
        new SupervisionKeys(
            false,
            Duration.ZERO,
            WhenControlDies.DISCONNECT,
            Optional.empty(),
            "online",
            Duration.ZERO),
        folder.read().supervision());
  }

  @Test
  void readsEveryKey() throws ConfigurationException {
    folder.properties(
        "evse.interlock = on",
        "evse.poll = 5s",
        "evse.when_control_dies = open",
        "alive.topic = evcc/status",
        "alive.payload = here",
        "alive.timeout = 90s");

    assertEquals(
        new SupervisionKeys(
            true,
            Duration.ofSeconds(5),
            WhenControlDies.OPEN,
            Optional.of("evcc/status"),
            "here",
            Duration.ofSeconds(90)),
        folder.read().supervision());
  }

  @Test
  void refusesToPollForNobody() throws ConfigurationException {
    folder.properties("evse.poll = 5s");
    assertEquals(
        "evse.poll = '5s' (from %s): alive.topic or alive.timeout must be set as well: a bridge that polls for nobody would keep a contactor closed for ever"
            .formatted(folder.path("application.properties")),
        folder.refusal());

    folder.variable("ALIVE_TOPIC", "evcc/status");
    assertEquals(Duration.ofSeconds(5), folder.read().supervision().poll());

    folder.environment.clear();
    folder.variable("ALIVE_TIMEOUT", "30s");
    assertEquals(Duration.ofSeconds(5), folder.read().supervision().poll());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evse.interlock | true | it must be off or on",
        "evse.poll | 1s | it must be 0s, or a duration from 2s to 8s",
        "evse.poll | 9s | it must be 0s, or a duration from 2s to 8s",
        "evse.when_control_dies | stop | it must be disconnect or open",
        "alive.topic | evcc/+ | it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'",
        "alive.payload | '' | it must not be empty",
        "alive.timeout | 9s | it must be 0s, or a duration from 10s to 1h",
        "alive.timeout | 61m | it must be 0s, or a duration from 10s to 1h",
      })
  void saysWhatIsAllowed(String key, String value, String allowed) {
    folder.properties(key + " = " + value);

    assertEquals(
        "%s = '%s' (from %s): %s"
            .formatted(key, value, folder.path("application.properties"), allowed),
        folder.refusal());
  }
}
