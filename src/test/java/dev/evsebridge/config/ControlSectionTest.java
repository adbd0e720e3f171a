package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.config.ControlKeys.OnStop;
import dev.evsebridge.config.ControlKeys.Wakeup;
import dev.evsebridge.config.ControlKeys.WhenBrokerIsLost;
import dev.evsebridge.message.SerialNumber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlSectionTest {
  private static final SerialNumber SERIAL = new SerialNumber("10BA23AB50534D53302E3120FF162332");
  private static final SerialNumber OTHER = new SerialNumber("0F".repeat(16));

  private final ConfigurationFolder folder;

  ControlSectionTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @Test
  void isOffAndHasADefaultForAllButTheRating() throws ConfigurationException {
    assertEquals(
        new ControlKeys(
            false,
            OptionalDouble.empty(),
            6,
            OptionalDouble.empty(),
            false,
            OptionalDouble.empty(),
            0,
            WhenBrokerIsLost.FALLBACK,
            OnStop.STOP,
            Duration.ofSeconds(5),
            Duration.ofSeconds(6),
            true,
            Duration.ofSeconds(15),
            Duration.ofSeconds(60),
            12,
            Duration.ofSeconds(5),
            0,
            false,
            Wakeup.TOGGLE,
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            10,
            0.5,
            Duration.ofSeconds(10),
            184,
            265),
        folder.read().control().general());
    assertEquals(java.util.Map.of(), folder.read().control().own());
  }

  @Test
  void readsEveryKey() throws ConfigurationException {
    folder.properties(
        "control.mode = on",
        "control.max_amps = 32",
        "control.min_amps = 8",
        "control.cable = fixed:20",
        "control.initial_enabled = true",
        "control.initial_limit_amps = 16.5",
        "control.fallback_amps = 10",
        "control.broker_loss = keep",
        "control.on_stop = leave",
        "control.poll = 2s",
        "control.stop_timeout = 30s",
        "control.open_on_notify = false",
        "control.min_off = 10m",
        "control.restart_delay = 0s",
        "control.starts_per_hour = 0",
        "control.pwm_interval = 60s",
        "control.ramp_up_amps = 1.5",
        "control.ventilation = allow",
        "control.wakeup = pulse",
        "control.wakeup_after = 30s",
        "control.fault_wait = 10s",
        "control.overcurrent_percent = 30",
        "control.overcurrent_amps = 2",
        "control.overcurrent_time = 7s",
        "control.voltage_min = 200",
        "control.voltage_max = 250");

    assertEquals(
        new ControlKeys(
            true,
            OptionalDouble.of(32),
            8,
            OptionalDouble.of(20),
            true,
            OptionalDouble.of(16.5),
            10,
            WhenBrokerIsLost.KEEP,
            OnStop.LEAVE,
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            false,
            Duration.ofMinutes(10),
            Duration.ZERO,
            0,
            Duration.ofSeconds(60),
            1.5,
            true,
            Wakeup.PULSE,
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            30,
            2,
            Duration.ofSeconds(7),
            200,
            250),
        folder.read().control().general());
  }

  @Test
  void takesOneChargersKeysBeforeThoseForAll() throws ConfigurationException {
    folder.toml(
        "[control]",
        "mode = 'on'",
        "max_amps = 16",
        "poll = '4s'",
        "[control.id_" + SERIAL.hex().toLowerCase(java.util.Locale.ROOT) + "]",
        "max_amps = 10.5");
    folder.variable("CONTROL_MAX_AMPS", "20");
    folder.variable("CONTROL_ID_" + OTHER.hex() + "_MODE", "off");
    folder.properties("control.id_" + OTHER.hex() + ".on_stop = leave");

    PerCharger<ControlKeys> control = folder.read().control();

    assertEquals(Set.of(SERIAL, OTHER), control.own().keySet());
    assertEquals(OptionalDouble.of(20), control.general().maxAmps());
    assertEquals(OptionalDouble.of(10.5), control.of(SERIAL).maxAmps());
    assertEquals(Duration.ofSeconds(4), control.of(SERIAL).poll());
    assertTrue(control.of(SERIAL).on());
    assertFalse(control.of(OTHER).on());
    assertEquals(OptionalDouble.of(20), control.of(OTHER).maxAmps());
    assertEquals(OnStop.LEAVE, control.of(OTHER).onStop());
    assertEquals(control.general(), control.of(new SerialNumber("00".repeat(16))));
  }

  @Test
  void letsTheLaterSourceWinForOneCharger() throws ConfigurationException {
    folder.properties("control.id_%s.poll = 3s".formatted(SERIAL));
    folder.toml("[control.id_%s]".formatted(SERIAL), "poll = '4s'");
    assertEquals(Duration.ofSeconds(4), folder.read().control().of(SERIAL).poll());

    folder.variable("CONTROL_ID_%s_POLL".formatted(SERIAL), "6s");
    assertEquals(Duration.ofSeconds(6), folder.read().control().of(SERIAL).poll());

    folder.variable("CONTROL_ID_%s_POLL".formatted(SERIAL), "");
    assertEquals(Duration.ofSeconds(4), folder.read().control().of(SERIAL).poll());
  }

  @Test
  void wantsTheRatingOfWhatItControls() {
    folder.variable("CONTROL_MODE", "on");
    assertEquals(
        "control.max_amps = '' (from the default): it must be set where control.mode is on, to the rating of circuit and contactor, 6 to 80 A",
        folder.refusal());

    folder.environment.clear();
    folder.toml("[control.id_%s]".formatted(SERIAL), "mode = 'on'");
    assertEquals(
        "control.max_amps = '' (from the default): it must be set where control.id_%s.mode is on, to the rating of circuit and contactor, 6 to 80 A"
            .formatted(SERIAL),
        folder.refusal());
  }

  @Test
  void takesTheRatingOfOneChargerAlone() throws ConfigurationException {
    folder.toml("[control.id_%s]".formatted(SERIAL), "mode = 'on'", "max_amps = 16");

    assertFalse(folder.read().control().general().on());
    assertTrue(folder.read().control().of(SERIAL).on());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mode | ON | it must be off or on",
        "mode | true | it must be off or on",
        "max_amps | 5.9 | it must be a number, 6 to 80",
        "max_amps | 80.1 | it must be a number, 6 to 80",
        "max_amps | 16A | it must be a number, 6 to 80",
        "max_amps | 1e1 | it must be a number, 6 to 80",
        "max_amps | NaN | it must be a number, 6 to 80",
        "min_amps | 5 | it must be a number, 6 to 16",
        "min_amps | 17 | it must be a number, 6 to 16",
        "cable | fixed | it must be proximity, or fixed:A for a tethered cable, with A from 6 to 80",
        "cable | fixed:5 | it must be proximity, or fixed:A for a tethered cable, with A from 6 to 80",
        "cable | 16 | it must be proximity, or fixed:A for a tethered cable, with A from 6 to 80",
        "initial_enabled | yes | it must be false or true",
        "initial_limit_amps | 81 | it must be a number, 0 to 80",
        "fallback_amps | -1 | it must be a number, 0 to 80",
        "broker_loss | stop | it must be fallback or keep",
        "on_stop | open | it must be stop or leave",
        "poll | 1s | it must be a duration such as 500ms, 5s or 2m, 2s to 8s",
        "poll | 9s | it must be a duration such as 500ms, 5s or 2m, 2s to 8s",
        "stop_timeout | 2s | it must be a duration such as 500ms, 5s or 2m, 3s to 30s",
        "open_on_notify | on | it must be false or true",
        "min_off | 9s | it must be a duration such as 500ms, 5s or 2m, 10s to 10m",
        "restart_delay | 2h | it must be a duration such as 500ms, 5s or 2m, 0s to 1h",
        "starts_per_hour | 61 | it must be a whole number, 0 to 60",
        "pwm_interval | 4s | it must be a duration such as 500ms, 5s or 2m, 5s to 1m",
        "ramp_up_amps | 17 | it must be a number, 0 to 16",
        "ventilation | deny | it must be refuse or allow",
        "wakeup | on | it must be off or toggle or pulse",
        "wakeup_after | 29s | it must be a duration such as 500ms, 5s or 2m, 30s to 10m",
        "fault_wait | 9s | it must be a duration such as 500ms, 5s or 2m, 10s to 10m",
        "overcurrent_percent | 4 | it must be a whole number, 5 to 30",
        "overcurrent_amps | 2.1 | it must be a number, 0 to 2",
        "overcurrent_time | 6s | it must be a duration such as 500ms, 5s or 2m, 7s to 1m",
        "voltage_min | 99 | it must be a whole number, 100 to 300",
        "voltage_max | 301 | it must be a whole number, 100 to 300",
      })
  void saysWhatIsAllowedForAllAndForOneCharger(String name, String value, String allowed) {
    folder.properties("control." + name + " = " + value);
    assertEquals(
        "control.%s = '%s' (from %s): %s"
            .formatted(name, value, folder.path("application.properties"), allowed),
        folder.refusal());

    String own = "CONTROL_ID_" + SERIAL + "_" + name.toUpperCase(java.util.Locale.ROOT);
    folder.properties("");
    folder.variable(own, value);
    assertEquals(
        "control.id_%s.%s = '%s' (from environment variable %s): %s"
            .formatted(SERIAL, name, value, own, allowed),
        folder.refusal());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "min_amps = 8;max_amps = 7 | control.min_amps = '8' | control.min_amps must not be more than control.max_amps",
        "fallback_amps = 7;min_amps = 8 | control.fallback_amps = '7' | control.fallback_amps must be 0 or at least control.min_amps",
        "fallback_amps = 5.9 | control.fallback_amps = '5.9' | control.fallback_amps must be 0 or at least control.min_amps",
        "fallback_amps = 17;max_amps = 16 | control.fallback_amps = '17' | control.fallback_amps must not be more than control.max_amps",
        "initial_limit_amps = 3 | control.initial_limit_amps = '3' | control.initial_limit_amps must be 0 or at least control.min_amps",
        "initial_limit_amps = 17;max_amps = 16 | control.initial_limit_amps = '17' | control.initial_limit_amps must not be more than control.max_amps",
        "voltage_min = 270 | control.voltage_min = '270' | control.voltage_min must be less than control.voltage_max",
        "voltage_max = 184 | control.voltage_max = '184' | control.voltage_min must be less than control.voltage_max",
      })
  void refusesValuesThatDoNotGoTogether(String lines, String named, String problem) {
    folder.toml(("[control];" + lines).replace(';', '\n'));

    assertEquals(
        "%s (from %s): %s".formatted(named, folder.path("dehneevse_mqtt_bridge.toml"), problem),
        folder.refusal());
  }

  @Test
  void refusesWhatDoesNotGoTogetherForOneCharger() {
    folder.toml(
        "[control]",
        "max_amps = 16",
        "fallback_amps = 10",
        "[control.id_%s]".formatted(SERIAL),
        "max_amps = 8");

    assertEquals(
        "control.fallback_amps = '10' (from %s): control.fallback_amps must not be more than control.id_%s.max_amps"
            .formatted(folder.path("dehneevse_mqtt_bridge.toml"), SERIAL),
        folder.refusal());
  }

  @ParameterizedTest
  @ValueSource(strings = {"control.max_amp", "control.id_10BA23AB50534D53302E3120FF162332.max_amp"})
  void saysWhichKeyWasMeant(String key) {
    folder.properties(key + " = 1");

    assertTrue(folder.refusal().startsWith(key + " (from "), folder::refusal);
    assertTrue(folder.refusal().endsWith("(did you mean " + key + "s?)"), folder::refusal);
  }

  @Test
  void refusesKeysForOneChargerThatAreForAllOnly() {
    folder.toml("[mqtt.id_%s]".formatted(SERIAL), "qos = 1");
    assertTrue(folder.refusal().contains("there is no such key"), folder::refusal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1234", "", "10BA23AB50534D53302E3120FF16233G"})
  void wantsAWholeSerialNumber(String digits) {
    folder.properties("control.id_" + digits + ".max_amps = 16");
    assertTrue(
        folder.refusal().endsWith("after id_ must stand the serial number, 32 hex digits"),
        folder::refusal);

    folder.properties("");
    folder.variable("SENSORS_ID_" + digits + "_CURRENT_L1", "1,2,3");
    assertTrue(
        folder.refusal().endsWith("after id_ must stand the serial number, 32 hex digits"),
        folder::refusal);
  }
}
