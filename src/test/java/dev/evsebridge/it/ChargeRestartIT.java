package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.ContactorFault;
import dev.evsebridge.simulator.Event;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import dev.evsebridge.testkit.WireFrame;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The bridge is killed while its chargers are in all sorts of states, and started again: each test
 * looks at what becomes of one of them.
 */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeRestartIT {

  @RegisterExtension static final Wallboxes wallboxes = Wallboxes.ofSixteenAmps();

  private static final Wallbox CHARGING = wallboxes.wallbox();
  private static final Wallbox LOWERED = wallboxes.wallbox("pwm_interval=60s");
  private static final Wallbox FINISHED = wallboxes.wallbox();
  private static final Wallbox SWITCHED_OFF = wallboxes.wallbox("stop_timeout=30s");
  private static final Wallbox OFFERED = wallboxes.wallbox("wakeup_after=10m");
  private static final Wallbox WELDED = wallboxes.wallbox();
  private static final Wallbox ABSENT = wallboxes.wallbox();
  private static final Wallbox RETAINED = wallboxes.wallbox();

  private static long killed;

  @BeforeAll
  static void killTheBridgeAndStartItAgain() {
    RETAINED.charger().plugIn();
    WELDED.charger().setContactorFault(ContactorFault.WELDED);
    Stream.of(CHARGING, FINISHED, WELDED)
        .parallel()
        .forEach(wallbox -> wallbox.charge(CarModel.ORDINARY, 16));
    OFFERED.offer(CarModel.ORDINARY, 6);
    WELDED.charger().forceAmps(3);
    WELDED.disable();
    WELDED.awaitWhy("contactor_welded");
    ABSENT.charger().loseWifi();
    ABSENT.charger().dropConnection();
    ABSENT.awaitWhy("offline");
    ABSENT.send("set", "{\"enabled\":true,\"limit_amps\":8}");
    ABSENT.awaitState("it is taken", state -> state.path("limit_amps").asDouble() == 8);
    Stream.of(SWITCHED_OFF, LOWERED)
        .parallel()
        .forEach(wallbox -> wallbox.charge(CarModel.ORDINARY.ignoringPwm(), 16));
    SWITCHED_OFF.disable();
    SWITCHED_OFF.awaitWhy("stopping");
    // It is stored, but has to wait for its turn.
    LOWERED.limit(10);
    LOWERED.awaitState("it is taken", state -> state.path("limit_amps").asDouble() == 10);

    wallboxes.bridge().kill();
    killed = now();
    FINISHED.charger().stopAsking();
    wallboxes
        .probe()
        .publishRetained(
            MqttProbe.REQUEST_TOPIC + "/" + RETAINED.id() + "/set/enabled",
            "true".getBytes(StandardCharsets.UTF_8));
    wallboxes.bridge().start().awaitListening();
  }

  @Test
  void goesOnChargingWithoutASingleCommand() {
    awaitReadingsAfterTheStart(CHARGING);
    CHARGING.awaitState("it is charging", state -> state.path("charging").asBoolean());

    assertEquals(List.of(), CHARGING.commandsSince(killed));
    assertEquals(1, CHARGING.charger().closings());
    assertTrue(CHARGING.charger().isContactorClosed());
    assertTrue(CHARGING.state().path("enabled").asBoolean());
    assertEquals(16, CHARGING.state().path("limit_amps").asDouble());
  }

  @Test
  void lowersAnOfferThatIsMoreThanTheLastLimit() {
    LOWERED.awaitDutyCycle(16);
    LOWERED.awaitReadings(2);

    Event first = LOWERED.commandsSince(killed).get(0);
    assertEquals(WireFrame.SET_PWM, first.value());
    assertEquals(List.of(16), LOWERED.dutyCyclesSince(killed));
    assertTrue(LOWERED.charger().isContactorClosed());
  }

  @Test
  void opensFirstWhereTheCarHasLeftMeanwhile() {
    FINISHED.awaitOpen();
    FINISHED.awaitReadings(1);

    assertEquals(WireFrame.SET_CONTACTOR, FINISHED.commandsSince(killed).get(0).value());
    assertEquals(1, FINISHED.charger().closings());
  }

  @Test
  void endsAChargeGracefullyThatWasSwitchedOff() {
    SWITCHED_OFF.awaitWhy("stopping");
    SWITCHED_OFF.awaitOpen();
    SWITCHED_OFF.awaitWhy("disabled");

    long connected = SWITCHED_OFF.first(Kind.CONNECTION, 1, killed);
    long opened = SWITCHED_OFF.first(Kind.CONTACTOR, 0, killed);
    assertEquals(100, SWITCHED_OFF.charger().dutyCyclePercent());
    assertTrue(opened - connected >= 29_000, "the car had its time to stop");
  }

  @Test
  void neverClosesBecauseOfAnOfferThatWasStillStanding() {
    awaitReadingsAfterTheStart(OFFERED);

    assertEquals(0, OFFERED.charger().closings());
    assertFalse(OFFERED.charger().isContactorClosed());
    OFFERED.charger().ask();
    OFFERED.awaitClosed();
  }

  @Test
  void keepsTheErrorOfAWeldedContactor() {
    awaitReadingsAfterTheStart(WELDED);
    WELDED.awaitWhy("contactor_welded");
    WELDED.enable();
    WELDED.awaitState("it is taken", state -> state.path("enabled").asBoolean());
    WELDED.awaitReadings(2);

    assertEquals(1, WELDED.charger().closings());
    assertEquals(100, WELDED.charger().dutyCyclePercent());
  }

  @Test
  void usesTheSetPointsOfAChargerThatWasAway() {
    ABSENT.awaitState(
        "what was remembered is told",
        state ->
            state.path("why").asText().equals("offline")
                && state.path("enabled").asBoolean()
                && state.path("limit_amps").asDouble() == 8);

    ABSENT.charger().plugIn();
    ABSENT.charger().restoreWifi();
    ABSENT.awaitDutyCycle(13);
  }

  @Test
  void takesNoRetainedSetPointFromTheBroker() {
    MqttProbe.Message refused = wallboxes.probe().take(MqttProbe.errorOf(RETAINED.id()));
    assertEquals("retained_request", refused.field("error"));
    awaitReadingsAfterTheStart(RETAINED);

    assertEquals(100, RETAINED.charger().dutyCyclePercent());
    assertEquals("disabled", RETAINED.state().path("why").asText());
  }

  private static void awaitReadingsAfterTheStart(Wallbox wallbox) {
    wallbox.until(
        "three readings since the start",
        () -> wallbox.count(Kind.REQUEST, WireFrame.COLLECT, killed) >= 3);
  }
}
