package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Whoever sends the set-points is gone, or the broker that carries them: charging stops or goes on
 * with less, and is back by itself. One installation is silent, one has lost its will, one its
 * broker.
 */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeWithoutControlIT {
  private static final String ALIVE = "house/control";

  @RegisterExtension
  static final Wallboxes silent = Wallboxes.with(bridge -> bridge.property("alive.timeout", "12s"));

  @RegisterExtension
  static final Wallboxes willed = Wallboxes.with(bridge -> bridge.property("alive.topic", ALIVE));

  @RegisterExtension
  static final Wallboxes cutOff =
      Wallboxes.with(bridge -> bridge.property("bridge.broker_loss_grace", "2s"));

  private static final Wallbox STOPPED = silent.wallbox("restart_delay=10s");
  private static final Wallbox REDUCED = silent.wallbox("fallback_amps=6");
  private static final Wallbox BEATING = silent.wallbox();

  private static final Wallbox WILLED = willed.wallbox("fallback_amps=8");

  private static final Wallbox CUT_OFF = cutOff.wallbox();
  private static final Wallbox CUT_OFF_REDUCED = cutOff.wallbox("fallback_amps=6");
  private static final Wallbox CUT_OFF_KEPT = cutOff.wallbox("broker_loss=keep");

  @Test
  void stopsWhenTheControlIsSilentAndGoesOnByItselfWhenItIsBack() {
    STOPPED.charge(CarModel.ORDINARY, 16);
    long start = now();
    STOPPED.send("alive", "");
    STOPPED.awaitOpen();
    STOPPED.awaitWhy("control_silent");
    assertEquals("silent", STOPPED.state().path("alive").asText());
    assertTrue(STOPPED.openedGracefullySince(start));
    long ended = STOPPED.first(Kind.DUTY_CYCLE, 100, start);
    assertTrue(ended - start >= 12_000, () -> "after " + (ended - start) + " ms");
    assertWithin(12_700, ended - start);
    assertWithin(7_500, STOPPED.first(Kind.CONTACTOR, 0, start) - ended);

    STOPPED.send("alive", "");
    STOPPED.awaitState("it is alive", state -> state.path("alive").asText().equals("alive"));
    keepAliveUntil(STOPPED, () -> STOPPED.charger().isContactorClosed());
    long pause = STOPPED.first(Kind.CONTACTOR, 1, start) - STOPPED.first(Kind.CONTACTOR, 0, start);
    assertTrue(pause >= 10_000, () -> pause + " ms");
  }

  @Test
  void offersLessWhileTheControlIsSilentUntilTheSameLimitIsSentAgain() {
    REDUCED.charge(CarModel.ORDINARY, 16);
    long start = now();
    REDUCED.limit(16);
    REDUCED.awaitDutyCycle(10);
    REDUCED.awaitState(
        "it is limited", state -> state.path("limited_by").asText().equals("fallback"));
    assertTrue(REDUCED.state().path("charging").asBoolean());
    long lowered = now();
    REDUCED.limit(16);
    REDUCED.awaitDutyCycle(26);

    assertWithin(5_700, REDUCED.first(Kind.DUTY_CYCLE, 26, lowered) - lowered);
    assertEquals(0, REDUCED.count(Kind.CONTACTOR, 0, start));
  }

  @Test
  void takesAHeartbeatForAllForASignOfLife() {
    BEATING.charge(CarModel.ORDINARY, 16);
    long start = now();
    keepAliveUntil(BEATING, () -> now() - start > 25_000);

    assertTrue(BEATING.charger().isContactorClosed());
  }

  private static void keepAliveUntil(Wallbox wallbox, Callable<Boolean> condition) {
    long[] sent = {0};
    wallbox.until(
        "it has been kept alive for long enough",
        () -> {
          if (now() - sent[0] > 2_000) {
            sent[0] = now();
            wallbox.send("alive", "online");
          }
          return condition.call();
        });
  }

  @Test
  void goesByBirthMessageAndWillOfTheControl() {
    say("online");
    WILLED.charge(CarModel.ORDINARY, 16);
    say("offline");
    WILLED.awaitDutyCycle(13);
    WILLED.awaitState("it is silent", state -> state.path("alive").asText().equals("silent"));
    say("online");
    WILLED.awaitDutyCycle(26);

    willed.bridge().kill();
    long killed = now();
    int told = WILLED.states().size();
    willed.bridge().start().awaitListening();
    WILLED.until("it is charging", () -> WILLED.states().size() > told);
    WILLED.awaitState("it is charging", state -> state.path("charging").asBoolean());
    // Longer than the birth message is waited for.
    WILLED.awaitReadings(3);
    assertEquals("alive", WILLED.state().path("alive").asText());
    assertEquals(List.of(), WILLED.commandsSince(killed));
  }

  private static void say(String text) {
    willed.probe().publishRetained(ALIVE, text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void keepsWatchOverChargersWhileTheBrokerIsAway() {
    Stream.of(CUT_OFF, CUT_OFF_REDUCED, CUT_OFF_KEPT)
        .parallel()
        .forEach(wallbox -> wallbox.charge(CarModel.ORDINARY, 16));
    long start = now();
    cutOff.mosquitto().stop();

    CUT_OFF.awaitOpen();
    assertTrue(CUT_OFF.openedGracefullySince(start));
    assertEquals(0, CUT_OFF.charger().openingsUnderLoad());
    CUT_OFF_REDUCED.awaitDutyCycle(10);
    CUT_OFF_KEPT.awaitReadings(3);
    assertEquals(List.of(), CUT_OFF_KEPT.commandsSince(start));
    assertTrue(CUT_OFF_REDUCED.charger().isContactorClosed());
    long unplugged = now();
    CUT_OFF_REDUCED.charger().unplug();
    CUT_OFF_REDUCED.awaitOpen();
    assertWithin(1_300, CUT_OFF_REDUCED.first(Kind.CONTACTOR, 0, unplugged) - unplugged);
    for (Wallbox wallbox : Set.of(CUT_OFF, CUT_OFF_REDUCED, CUT_OFF_KEPT)) {
      assertEquals(0, wallbox.count(Kind.CONNECTION, 0, start), "the connection is kept");
    }

    cutOff.mosquitto().start();
    CUT_OFF.awaitClosed();
    CUT_OFF.awaitState("it is charging", state -> state.path("charging").asBoolean());
    CUT_OFF_REDUCED.awaitWhy("no_vehicle");
  }

  private static void assertWithin(long limitMillis, long millis) {
    assertTrue(millis <= limitMillis + SLACK_MILLIS, () -> millis + " ms");
  }
}
