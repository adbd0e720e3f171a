package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.FalseClock;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RequiresFaketime;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The system's clock is set while cars are being charged, as it is on a machine without a battery
 * for it: by an hour, back and forward. Nothing that the charge controller waits for takes longer
 * or shorter.
 */
@RequiresMosquitto
@RequiresFaketime
@Execution(ExecutionMode.CONCURRENT)
class SetClockIT {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final FalseClock CLOCK = FalseClock.right();
  private static final FalseClock CLOCK_OF_SILENT = FalseClock.right();
  private static final FalseClock CLOCK_OF_RESTARTED = FalseClock.right();

  @RegisterExtension static final Wallboxes wallboxes = Wallboxes.with(CLOCK::of);

  @RegisterExtension
  static final Wallboxes silent =
      Wallboxes.with(bridge -> CLOCK_OF_SILENT.of(bridge).property("alive.timeout", "12s"));

  @RegisterExtension static final Wallboxes restarted = Wallboxes.with(CLOCK_OF_RESTARTED::of);

  private static final Wallbox CHARGING = wallboxes.wallbox();
  private static final Wallbox PAUSED = wallboxes.wallbox("min_off=20s");
  private static final Wallbox PAUSED_LATER = wallboxes.wallbox("min_off=20s");
  private static final Wallbox DEAF = wallboxes.wallbox();

  private static final Wallbox REDUCED = silent.wallbox("fallback_amps=6");

  private static final Wallbox REMEMBERED = restarted.wallbox("restart_delay=25s");

  @Test
  void waitsAsLongAsEverForContactorAndCar() {
    Stream.of(CHARGING, PAUSED, PAUSED_LATER)
        .parallel()
        .forEach(wallbox -> wallbox.charge(CarModel.ORDINARY, 16));
    DEAF.charge(CarModel.ORDINARY.ignoringPwm(), 16);
    long start = now();
    pause(PAUSED);
    DEAF.disable();
    DEAF.awaitDutyCycle(100);
    CLOCK.set(HOUR.negated());
    awaitBridgeShows(CHARGING, HOUR.negated());

    DEAF.awaitOpen();
    long waited = DEAF.first(Kind.CONTACTOR, 0, start) - DEAF.first(Kind.DUTY_CYCLE, 100, start);
    assertTrue(waited >= 5_900, () -> "after " + waited + " ms");
    assertWithin(6_800, waited);
    PAUSED.awaitClosed();
    assertPause(PAUSED, start);

    long later = now();
    pause(PAUSED_LATER);
    CLOCK.set(HOUR);
    awaitBridgeShows(CHARGING, HOUR);
    PAUSED_LATER.awaitClosed();
    assertPause(PAUSED_LATER, later);

    CHARGING.awaitReadings(1);
    assertEquals(List.of(), CHARGING.commandsSince(start));
    assertEquals(0, CHARGING.count(Kind.CONNECTION, 0, start));
    assertTrue(CHARGING.charger().isContactorClosed());
  }

  @Test
  void waitsAsLongAsEverForASignOfLife() {
    REDUCED.charge(CarModel.ORDINARY, 16);
    long sign = now();
    REDUCED.limit(16);
    CLOCK_OF_SILENT.set(HOUR.negated());
    REDUCED.awaitDutyCycle(10);
    assertWithin(12_700, REDUCED.first(Kind.DUTY_CYCLE, 10, sign) - sign);
    awaitBridgeShows(REDUCED, HOUR.negated());

    REDUCED.limit(16);
    REDUCED.awaitDutyCycle(26);
    long lastSign = now();
    REDUCED.limit(16);
    awaitTaken();
    CLOCK_OF_SILENT.set(HOUR);
    awaitBridgeShows(REDUCED, HOUR);
    REDUCED.awaitDutyCycle(10);
    long waited = REDUCED.first(Kind.DUTY_CYCLE, 10, lastSign) - lastSign;
    assertTrue(waited >= 12_000, () -> "after " + waited + " ms");
    assertEquals(0, REDUCED.count(Kind.CONTACTOR, 0, sign));
  }

  /** Set-points have no response here; a request that is refused comes after them. */
  private static void awaitTaken() {
    REDUCED.send("set/limit_amps", "5");
    silent.probe().take(MqttProbe.errorOf(REDUCED.id()));
  }

  @Test
  void takesAnOpeningInTheFutureForOneOfNow() {
    REMEMBERED.charge(CarModel.ORDINARY, 16);
    REMEMBERED.limit(0);
    REMEMBERED.awaitOpen();
    REMEMBERED.awaitWhy("limit_zero");
    restarted.bridge().kill();
    CLOCK_OF_RESTARTED.set(HOUR.negated());
    long start = now();
    restarted.bridge().start().awaitListening();
    REMEMBERED.awaitConnected();
    long connected = REMEMBERED.first(Kind.CONNECTION, 1, start);
    REMEMBERED.limit(16);
    REMEMBERED.awaitWhy("restart_delay");
    awaitBridgeShows(REMEMBERED, HOUR.negated());
    REMEMBERED.awaitClosed();

    assertWithin(32_000, REMEMBERED.first(Kind.CONTACTOR, 1, start) - connected);
  }

  /** Charging is switched off and on again, and waits for {@code control.min_off}. */
  private static void pause(Wallbox wallbox) {
    wallbox.disable();
    wallbox.awaitOpen();
    wallbox.enable();
    wallbox.awaitWhy("min_off");
  }

  private static void assertPause(Wallbox wallbox, long since) {
    long opened = wallbox.first(Kind.CONTACTOR, 0, since);
    long pause = wallbox.first(Kind.CONTACTOR, 1, opened) - opened;
    assertTrue(pause >= 20_000, () -> pause + " ms");
    // The offer, the car's answer to it, two readings.
    assertWithin(26_000, pause);
  }

  /** Else a clock that cannot be set would do as well. */
  private static void awaitBridgeShows(Wallbox wallbox, Duration ahead) {
    wallbox.awaitState(
        "the bridge's clock is off by " + ahead,
        state ->
            Duration.between(Instant.now().plus(ahead), Instant.parse(state.path("time").asText()))
                    .abs()
                    .compareTo(Duration.ofMinutes(1))
                < 0);
  }

  private static void assertWithin(long limitMillis, long millis) {
    assertTrue(millis <= limitMillis + SLACK_MILLIS, () -> millis + " ms");
  }
}
