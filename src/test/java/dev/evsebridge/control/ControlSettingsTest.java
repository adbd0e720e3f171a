package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ControlSettingsTest {
  static Stream<Arguments> refused() {
    return Stream.of(
        refused("min_amps", "it must be 6 to 16", b -> b.minDeciamps(59)),
        refused("min_amps", "it must be 6 to 16", b -> b.minDeciamps(161)),
        refused(
            "cable", "it must be proximity, or fixed:6 to fixed:80", b -> b.fixedCableDeciamps(50)),
        refused("initial_limit_amps", "it must be 0, or 6 to 80", b -> b.initialLimitDeciamps(55)),
        refused("fallback_amps", "it must be 0, or 6 to 32", b -> b.fallbackDeciamps(330)),
        refused("poll", "it must be 2s to 8s", b -> b.poll(Duration.ofMillis(8_001))),
        refused("stop_timeout", "it must be 3s to 30s", b -> b.stopTimeout(Duration.ofSeconds(2))),
        refused("min_off", "it must be 10s to 10m", b -> b.minOff(Duration.ofSeconds(9))),
        refused("restart_delay", "it must be 0s to 1h", b -> b.restartDelay(Duration.ofHours(2))),
        refused(
            "starts_per_hour", "it must be 0 for no limit, or 1 to 60", b -> b.startsPerHour(61)),
        refused("pwm_interval", "it must be 5s to 1m", b -> b.pwmInterval(Duration.ofSeconds(4))),
        refused("ramp_up_amps", "it must be 0 to 16", b -> b.rampUpDeciamps(161)),
        refused("wakeup_after", "it must be 30s to 10m", b -> b.wakeUpAfter(Duration.ZERO)),
        refused("fault_wait", "it must be 10s to 10m", b -> b.faultWait(Duration.ZERO)),
        refused("overcurrent_percent", "it must be 5 to 30", b -> b.overcurrentPercent(31)),
        refused("overcurrent_amps", "it must be 0 to 2", b -> b.overcurrentDeciamps(21)),
        refused("overcurrent_time", "it must be 7s to 1m", b -> b.overcurrentTime(Duration.ZERO)),
        refused("voltage_min", "it must be 1 to 999", b -> b.voltageMinVolts(0)),
        refused(
            "voltage_max",
            "it must be above control.voltage_min, and at most 1000",
            b -> b.voltageMaxVolts(184)));
  }

  private static Arguments refused(
      String key, String allowed, UnaryOperator<ControlSettings.Builder> change) {
    return Arguments.of(key, allowed, change);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void namesTheKeyAndWhatIsAllowed(
      String key, String allowed, UnaryOperator<ControlSettings.Builder> change) {
    ControlSettings.Builder builder = change.apply(ControlSettings.builder(320));

    InvalidControlSettingException refusal =
        assertThrows(InvalidControlSettingException.class, builder::build);

    assertEquals(key, refusal.key());
    assertEquals(allowed, refusal.allowed());
  }

  @Test
  void namesTheKeyOfTheMaximum() {
    InvalidControlSettingException refusal =
        assertThrows(
            InvalidControlSettingException.class, () -> ControlSettings.builder(805).build());

    assertEquals("control.max_amps = 80.5: it must be 6 to 80", refusal.getMessage());
  }

  @Test
  void allowsNoMinimumAboveTheMaximum() {
    assertThrows(
        InvalidControlSettingException.class,
        () -> ControlSettings.builder(100).minDeciamps(120).build());
  }

  @Test
  void hasItsDefaults() {
    ControlSettings settings = ControlSettings.builder(160).build();

    assertEquals(60, settings.minDeciamps());
    assertEquals(160, settings.initialLimitDeciamps());
    assertEquals(0, settings.fallbackDeciamps());
    assertEquals(Duration.ofSeconds(15), settings.minOff());
    assertEquals(12, settings.startsPerHour());
  }
}
