package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.simulator.ProximityPilot;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import dev.evsebridge.testkit.WireFrame;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** From plugging in to power, against chargers that behave as their firmware does. */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeStartIT {
  private static final int PILOT_B = 1;
  private static final int PILOT_C = 2;

  /** A car that is in state C before anything is offered, as after a power cut. */
  private static final CarModel IN_C_AT_ONCE = CarModel.ORDINARY.withAmps(0, 16);

  @RegisterExtension static final Wallboxes wallboxes = Wallboxes.ofSixteenAmps();

  private static final Wallbox OFFERING = wallboxes.wallbox("wakeup_after=10m");
  private static final Wallbox CLOSING = wallboxes.wallbox();
  private static final Wallbox FLICKERING = wallboxes.wallbox();
  private static final Wallbox REFUSING = wallboxes.wallbox();
  private static final Wallbox SMALL_CABLE = wallboxes.wallbox("max_amps=32");
  private static final Wallbox NO_CABLE = wallboxes.wallbox();
  private static final Wallbox TETHERED = wallboxes.wallbox("cable=fixed:16");
  private static final Wallbox VENTILATED = wallboxes.wallbox("ventilation=refuse");
  private static final Wallbox VENTILATION_ALLOWED = wallboxes.wallbox("ventilation=allow");
  private static final Wallbox AFTER_POWER_CUT = wallboxes.wallbox();
  private static final Wallbox DISABLED = wallboxes.wallbox();
  private static final Wallbox PAUSED_CAR = wallboxes.wallbox("wakeup_after=30s");
  private static final Wallbox SLEEPING = wallboxes.wallbox("wakeup_after=30s");
  private static final Wallbox SOUND_ASLEEP = wallboxes.wallbox("wakeup_after=30s", "wakeup=pulse");
  private static final Wallbox NOT_ASKING = wallboxes.wallbox("wakeup_after=30s");
  private static final Wallbox TOGGLING = wallboxes.wallbox("starts_per_hour=2");
  private static final Wallbox RAMPED = wallboxes.wallbox("ramp_up_amps=4", "initial_limit_amps=6");

  @Test
  void offersWhatTheLimitAllowsOnceACarIsPluggedIn() {
    long start = now();
    OFFERING.offer(CarModel.ORDINARY, 16);
    OFFERING.awaitWhy("car_not_asking");

    assertEquals(List.of(26), OFFERING.dutyCyclesSince(start));
    assertEquals(15.6, OFFERING.state().path("offered_amps").asDouble());
    assertEquals("B", OFFERING.state().path("status").asText());
    assertFalse(OFFERING.charger().isContactorClosed());
    long pluggedIn = OFFERING.first(Kind.PILOT, PILOT_B, start);
    assertWithin(1_500, OFFERING.first(Kind.DUTY_CYCLE, 26, start) - pluggedIn);
  }

  @Test
  void closesOnlyAfterTwoReadingsHaveShownThatTheCarAsks() {
    CLOSING.offer(CarModel.ORDINARY, 16);
    CLOSING.awaitReadings(1);
    long start = now();
    CLOSING.charger().ask();
    CLOSING.awaitClosed();

    long asked = CLOSING.first(Kind.PILOT, PILOT_C, start);
    long closed = CLOSING.first(Kind.CONTACTOR, 1, start);
    long readings =
        CLOSING.eventsSince(asked).stream()
            .filter(event -> event.kind() == Kind.RESPONSE && event.value() == WireFrame.READING)
            .filter(event -> event.atMillis() <= closed)
            .count();
    assertTrue(readings >= 2, () -> readings + " readings");
    assertTrue(closed - asked >= 600, () -> "closed after " + (closed - asked) + " ms");
    assertWithin(2_200, closed - asked);
    CLOSING.awaitState("it is charging", state -> state.path("why").isNull());
    assertEquals("C", CLOSING.state().path("status").asText());
  }

  @Test
  void neverClosesForACarThatAsksForAMoment() {
    FLICKERING.offer(CarModel.ORDINARY, 16);
    FLICKERING.awaitReadings(1);
    int moments = 0;
    for (int attempt = 0; moments < 12; attempt++) {
      long start = now();
      int closings = FLICKERING.charger().closings();
      FLICKERING.charger().ask();
      awaitMillis(FLICKERING, 180 + 17 * moments);
      FLICKERING.charger().stopAsking();
      awaitMillis(FLICKERING, 1_200 + 97 * moments);
      long asked =
          FLICKERING.first(Kind.PILOT, PILOT_B, start)
              - FLICKERING.first(Kind.PILOT, PILOT_C, start);
      if (asked < 500) {
        moments++;
        assertEquals(
            closings,
            FLICKERING.charger().closings(),
            () -> "asked for " + asked + " ms: " + FLICKERING.charger().events());
      }
      assertTrue(attempt < 100, "this machine is too busy for moments");
    }

    FLICKERING.charger().ask();
    FLICKERING.awaitClosed();
  }

  @Test
  void sendsNothingToTheChargerForALimitBetweenZeroAndSixAmps() {
    REFUSING.charge(CarModel.ORDINARY, 16);
    long start = now();
    REFUSING.limit(5);

    MqttProbe.Message refused = wallboxes.probe().take(MqttProbe.errorOf(REFUSING.id()));
    assertEquals("invalid_value", refused.field("error"));
    REFUSING.awaitReadings(2);
    assertEquals(List.of(), REFUSING.commandsSince(start));
    assertEquals(16, REFUSING.state().path("limit_amps").asDouble());
  }

  @Test
  void offersNoMoreThanTheCableCarries() {
    SMALL_CABLE.charge(CarModel.ORDINARY.withCable(ProximityPilot.AMP_13), 32);

    assertEquals(21, SMALL_CABLE.charger().dutyCyclePercent());
    assertEquals("cable", SMALL_CABLE.state().path("limited_by").asText());
    assertEquals(13, SMALL_CABLE.state().path("cable_amps").asInt());
    assertEquals(13, SMALL_CABLE.state().path("max_amps").asInt());
  }

  @Test
  void takesTheOfferAwayWhenNoCableIsRecognisedAnyMore() {
    NO_CABLE.offer(CarModel.ORDINARY, 16);
    NO_CABLE.charger().showCable(ProximityPilot.NO_CABLE);

    NO_CABLE.awaitDutyCycle(100);
    NO_CABLE.awaitWhy("no_cable_rating");
    assertTrue(NO_CABLE.state().path("cable_amps").isNull());
  }

  @Test
  void goesByItsOwnRatingForATetheredCable() {
    TETHERED.offer(CarModel.ORDINARY, 16);
    TETHERED.charger().showCable(ProximityPilot.NO_CABLE);
    TETHERED.awaitReadings(2);

    assertEquals(26, TETHERED.charger().dutyCyclePercent());
  }

  @Test
  void refusesACarThatNeedsVentilation() {
    VENTILATED.offer(CarModel.ORDINARY.withVentilation(), 16);
    VENTILATED.charger().ask();

    VENTILATED.awaitWhy("ventilation_required");
    VENTILATED.awaitDutyCycle(100);
    VENTILATED.awaitReadings(2);
    assertEquals(0, VENTILATED.charger().closings());
  }

  @Test
  void chargesACarThatNeedsVentilationWhereThereIsSome() {
    VENTILATION_ALLOWED.charge(CarModel.ORDINARY.withVentilation(), 16);
    // A notification opens, whatever it is for; without any need the charge goes on after a pause.
    VENTILATION_ALLOWED.charger().needVentilation(false);
    VENTILATION_ALLOWED.until(
        "it is charged again", () -> VENTILATION_ALLOWED.charger().closings() == 2);

    assertEquals(List.of(), VENTILATION_ALLOWED.reasonsSuchAs("ventilation_required"));
  }

  @Test
  void chargesACarThatAsksBeforeAnythingIsOfferedWithTenAmpsAtMost() {
    AFTER_POWER_CUT.charger().plugIn(IN_C_AT_ONCE);
    AFTER_POWER_CUT.charger().ask();
    AFTER_POWER_CUT.awaitWhy("disabled");
    AFTER_POWER_CUT.enable();

    AFTER_POWER_CUT.awaitClosed();
    assertEquals(16, AFTER_POWER_CUT.charger().dutyCyclePercent());
    AFTER_POWER_CUT.awaitState(
        "it is limited", state -> state.path("limited_by").asText().equals("simplified"));
  }

  @Test
  void offersNothingWhileChargingIsSwitchedOff() {
    long start = now();
    DISABLED.charger().plugIn(CarModel.ORDINARY);
    DISABLED.charger().ask();
    DISABLED.awaitWhy("disabled");
    DISABLED.awaitReadings(2);

    assertEquals(List.of(), DISABLED.commandsSince(start));
    assertEquals("Charging is switched off.", DISABLED.state().path("why_text").asText());
  }

  @Test
  void leavesACarAloneThatHasPausedByItself() {
    PAUSED_CAR.charge(CarModel.ORDINARY, 16);
    long start = now();
    PAUSED_CAR.charger().stopAsking();
    PAUSED_CAR.awaitOpen();
    PAUSED_CAR.awaitWhy("car_paused");
    PAUSED_CAR.until("it is offered again", () -> PAUSED_CAR.dutyCyclesSince(start).contains(26));
    long offered = PAUSED_CAR.first(Kind.DUTY_CYCLE, 26, start);
    PAUSED_CAR.until("it would have been woken", () -> now() - offered > 36_000);

    assertEquals(List.of(100, 26), PAUSED_CAR.dutyCyclesSince(start));
    assertEquals("car_paused", PAUSED_CAR.state().path("why").asText());
  }

  @Test
  void wakesACarByAPauseOfTheOffer() {
    long start = now();
    SLEEPING.offer(CarModel.ORDINARY.sleeping(CarModel.Sleep.UNTIL_PAUSE), 16);
    SLEEPING.charger().ask();
    SLEEPING.awaitWhy("waking_car");
    SLEEPING.awaitClosed();

    assertEquals(List.of(26, 100, 26), SLEEPING.dutyCyclesSince(start));
    assertPause(SLEEPING, 100, 4_000, start);
  }

  @Test
  void wakesACarByStateFWhereThatIsAllowedAndNeverTellsThatItWasUnplugged() {
    long start = now();
    SOUND_ASLEEP.offer(CarModel.ORDINARY.sleeping(CarModel.Sleep.UNTIL_STATE_F), 16);
    SOUND_ASLEEP.charger().ask();
    SOUND_ASLEEP.awaitWhy("car_not_asking");
    int plugged = SOUND_ASLEEP.states().size();
    SOUND_ASLEEP.awaitClosed();
    SOUND_ASLEEP.awaitState("it is charging", state -> state.path("why").isNull());

    assertEquals(List.of(26, 100, 26, 0, 100, 26), SOUND_ASLEEP.dutyCyclesSince(start));
    assertPause(SOUND_ASLEEP, 0, 4_000, start);
    List<String> statuses =
        SOUND_ASLEEP.states().subList(plugged, SOUND_ASLEEP.states().size()).stream()
            .map(state -> state.path("status").asText())
            .distinct()
            .toList();
    assertEquals(List.of("B", "C"), statuses);
  }

  @Test
  void triesTwiceAtMostToWakeACarAndKeepsTheOffer() {
    long start = now();
    NOT_ASKING.offer(CarModel.ORDINARY, 16);
    NOT_ASKING.until(
        "two tries are over",
        () -> NOT_ASKING.dutyCyclesSince(start).equals(List.of(26, 100, 26, 100, 26)));
    NOT_ASKING.awaitWhy("car_not_asking");
    long offered = now();
    NOT_ASKING.until("it would have been woken once more", () -> now() - offered > 36_000);
    assertEquals(List.of(26, 100, 26, 100, 26), NOT_ASKING.dutyCyclesSince(start));
    assertEquals("B", NOT_ASKING.state().path("status").asText());
    assertEquals(0, NOT_ASKING.charger().closings());
  }

  @Test
  void sparesTheContactorFromACarThatChangesItsMindEveryFewSeconds() {
    long start = now();
    TOGGLING.offer(CarModel.ORDINARY.flickering(Duration.ofSeconds(3)), 16);
    TOGGLING.charger().ask();
    TOGGLING.awaitWhy("too_many_starts");
    TOGGLING.awaitReadings(3);

    List<Long> switched =
        TOGGLING.eventsSince(start).stream()
            .filter(event -> event.kind() == Kind.CONTACTOR)
            .map(event -> event.atMillis())
            .toList();
    assertEquals(4, switched.size(), switched::toString);
    assertTrue(switched.get(2) - switched.get(1) >= 10_000, switched::toString);
    assertEquals(2, TOGGLING.charger().closings());
    assertFalse(TOGGLING.state().path("start_at").isNull());
  }

  @Test
  void raisesTheOfferStepByStepWhereARampIsSet() {
    RAMPED.charge(CarModel.ORDINARY, 6);
    RAMPED.awaitDutyCycle(10);
    long start = now();
    RAMPED.limit(16);
    RAMPED.awaitDutyCycle(26);

    assertEquals(List.of(16, 22, 26), RAMPED.dutyCyclesSince(start));
    long first = RAMPED.first(Kind.DUTY_CYCLE, 16, start);
    assertTrue(RAMPED.first(Kind.DUTY_CYCLE, 26, start) - first >= 9_900);
  }

  private static void awaitMillis(Wallbox wallbox, long millis) {
    long start = now();
    wallbox.until(millis + " ms have passed", () -> now() - start >= millis);
  }

  private static void assertPause(Wallbox wallbox, int percent, long millis, long since) {
    long begin = wallbox.first(Kind.DUTY_CYCLE, percent, since);
    long end =
        wallbox.eventsSince(begin).stream()
            .filter(event -> event.kind() == Kind.DUTY_CYCLE && event.value() != percent)
            .mapToLong(event -> event.atMillis())
            .findFirst()
            .orElseThrow();
    assertTrue(end - begin >= millis - 100, () -> "only " + (end - begin) + " ms");
    assertWithin(millis, end - begin);
    assertEquals(
        0, wallbox.count(Kind.CONTACTOR, 1, since) - wallbox.count(Kind.CONTACTOR, 1, end));
  }

  private static void assertWithin(long limitMillis, long millis) {
    assertTrue(millis <= limitMillis + SLACK_MILLIS, () -> millis + " ms");
  }
}
