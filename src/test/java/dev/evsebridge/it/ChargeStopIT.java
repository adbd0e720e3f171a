package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.simulator.ProximityPilot;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** How a charge ends: by the car, by its owner, by a fault of the pilot. */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeStopIT {
  private static final int PILOT_A = 0;
  private static final int PILOT_B = 1;
  private static final int PILOT_FAULT = 4;

  @RegisterExtension static final Wallboxes wallboxes = Wallboxes.ofSixteenAmps();

  /** More of them with -Dunplugging.runs=100. */
  private static final List<Wallbox> UNPLUGGED =
      Stream.generate(wallboxes::wallbox).limit(Integer.getInteger("unplugging.runs", 6)).toList();

  private static final Wallbox READING_FIRST = wallboxes.wallbox("open_on_notify=false");
  private static final Wallbox NOTIFICATION_LOST = wallboxes.wallbox();
  private static final Wallbox SWITCHED_OFF = wallboxes.wallbox("min_off=15s");
  private static final Wallbox DEAF = wallboxes.wallbox();
  private static final Wallbox TURNED_DOWN = wallboxes.wallbox();
  private static final Wallbox SMALL_MOTOR = wallboxes.wallbox("min_amps=8", "restart_delay=20s");
  private static final Wallbox OTHER_CABLE = wallboxes.wallbox("max_amps=32");
  private static final Wallbox NEEDS_AIR = wallboxes.wallbox();
  private static final Wallbox FAULTY = wallboxes.wallbox("fault_wait=10s");
  private static final Wallbox ZERO = wallboxes.wallbox();

  @Test
  void opensWhenACarIsUnpluggedAndTakesTheOfferAwayAfterwards(TestReporter reporter) {
    List<Long> tookMillis = new ArrayList<>();
    UNPLUGGED.parallelStream().forEach(wallbox -> wallbox.charge(CarModel.ORDINARY, 16));
    for (Wallbox wallbox : UNPLUGGED) {
      long start = now();
      wallbox.charger().unplug();
      wallbox.awaitOpen();
      wallbox.awaitDutyCycle(100);
      wallbox.awaitWhy("no_vehicle");

      long unplugged = wallbox.first(Kind.PILOT, PILOT_A, start);
      long opened = wallbox.first(Kind.CONTACTOR, 0, start);
      tookMillis.add(opened - unplugged);
      assertWithin(1_300, opened - unplugged);
      assertTrue(wallbox.first(Kind.DUTY_CYCLE, 100, start) >= opened, "contactor first");
      assertEquals(1, wallbox.charger().closings());
      assertEquals("A", wallbox.state().path("status").asText());
    }
    Collections.sort(tookMillis);
    int runs = tookMillis.size();
    reporter.publishEntry(
        "unplugged, to open",
        "%d times: median %d ms, 99 %% %d ms, longest %d ms"
            .formatted(
                runs,
                tookMillis.get(runs / 2),
                tookMillis.get(runs * 99 / 100),
                tookMillis.get(runs - 1)));
  }

  @Test
  void opensAfterAReadingWhereThatIsWanted() {
    READING_FIRST.charge(CarModel.ORDINARY, 16);
    long start = now();
    READING_FIRST.charger().unplug();
    READING_FIRST.awaitOpen();

    long unplugged = READING_FIRST.first(Kind.PILOT, PILOT_A, start);
    assertWithin(2_100, READING_FIRST.first(Kind.CONTACTOR, 0, start) - unplugged);
  }

  @Test
  void opensAtTheNextReadingWhenANotificationIsLost() {
    NOTIFICATION_LOST.charge(CarModel.ORDINARY, 16);
    NOTIFICATION_LOST.charger().loseNotifications(1);
    long start = now();
    NOTIFICATION_LOST.charger().stopAsking();
    NOTIFICATION_LOST.awaitOpen();
    NOTIFICATION_LOST.awaitWhy("car_paused");

    long left = NOTIFICATION_LOST.first(Kind.PILOT, PILOT_B, start);
    assertWithin(6_300, NOTIFICATION_LOST.first(Kind.CONTACTOR, 0, start) - left);
  }

  @Test
  void finishesAStopBeforeItStartsAgainThoughChargingIsSwitchedOnMeanwhile() {
    SWITCHED_OFF.charge(CarModel.ORDINARY, 16);
    int told = SWITCHED_OFF.states().size();
    long start = now();
    SWITCHED_OFF.disable();
    SWITCHED_OFF.awaitDutyCycle(100);
    SWITCHED_OFF.awaitWhy("stopping");
    assertEquals("C", SWITCHED_OFF.state().path("status").asText());
    SWITCHED_OFF.enable();
    SWITCHED_OFF.awaitOpen();
    SWITCHED_OFF.awaitWhy("min_off");
    SWITCHED_OFF.awaitClosed();

    assertTrue(SWITCHED_OFF.openedGracefullySince(start));
    assertEquals(0, SWITCHED_OFF.charger().openingsUnderLoad());
    long leftC = SWITCHED_OFF.first(Kind.PILOT, PILOT_B, start);
    long opened = SWITCHED_OFF.first(Kind.CONTACTOR, 0, start);
    long closed = SWITCHED_OFF.first(Kind.CONTACTOR, 1, start);
    assertTrue(leftC <= opened, "the car has stopped drawing before");
    assertWithin(4_600, opened - start);
    assertTrue(closed - opened >= 15_000, () -> "a pause of " + (closed - opened) + " ms");
    assertEquals("stopping", SWITCHED_OFF.reasonsFrom(told).get(0));
  }

  @Test
  void opensUnderLoadWhenACarDoesNotStop() {
    DEAF.charge(CarModel.ORDINARY.ignoringPwm(), 16);
    long start = now();
    DEAF.disable();
    DEAF.awaitOpen();
    DEAF.awaitWhy("disabled");

    long offerEnded = DEAF.first(Kind.DUTY_CYCLE, 100, start);
    long opened = DEAF.first(Kind.CONTACTOR, 0, start);
    assertTrue(opened - offerEnded >= 5_900, () -> "after " + (opened - offerEnded) + " ms");
    assertWithin(6_800, opened - offerEnded);
    assertEquals(1, DEAF.charger().openingsUnderLoad());
  }

  @Test
  void sendsOnlyTheFirstAndTheLastOfSeveralLimitsInARow() {
    TURNED_DOWN.charge(CarModel.ORDINARY, 16);
    long charging = now();
    // A set-point right after the offer would have to wait for its turn as well.
    TURNED_DOWN.until("the offer has stood for a while", () -> now() - charging > 5_000);
    long start = now();
    for (int amps = 10; amps >= 7; amps--) {
      TURNED_DOWN.limit(amps);
    }
    TURNED_DOWN.awaitDutyCycle(11);
    TURNED_DOWN.awaitReadings(2);

    assertEquals(List.of(16, 11), TURNED_DOWN.dutyCyclesSince(start));
    long between =
        TURNED_DOWN.first(Kind.DUTY_CYCLE, 11, start)
            - TURNED_DOWN.first(Kind.DUTY_CYCLE, 16, start);
    assertTrue(between >= 4_900, () -> between + " ms");
  }

  @Test
  void stopsBelowTheMinimumOfACarAndStartsAgainAfterADelay() {
    SMALL_MOTOR.charge(CarModel.ORDINARY.withAmps(8, 16), 16);
    long start = now();
    SMALL_MOTOR.limit(7);
    SMALL_MOTOR.awaitOpen();
    SMALL_MOTOR.awaitWhy("limit_below_minimum");
    assertEquals(
        "The current limit is below the minimum of 8 A.",
        SMALL_MOTOR.state().path("why_text").asText());
    SMALL_MOTOR.limit(9);
    SMALL_MOTOR.awaitWhy("restart_delay");
    SMALL_MOTOR.awaitClosed();

    assertTrue(SMALL_MOTOR.openedGracefullySince(start));
    assertEquals(0, SMALL_MOTOR.charger().openingsUnderLoad());
    long pause =
        SMALL_MOTOR.first(Kind.CONTACTOR, 1, start) - SMALL_MOTOR.first(Kind.CONTACTOR, 0, start);
    assertTrue(pause >= 20_000, () -> pause + " ms");
    assertEquals(15, SMALL_MOTOR.charger().dutyCyclePercent());
  }

  @Test
  void opensWhenTheCableTurnsOutToBeSmallerAndOffersNoMoreThanThatCarries() {
    OTHER_CABLE.charge(CarModel.ORDINARY.withCable(ProximityPilot.AMP_20), 16);
    long start = now();
    OTHER_CABLE.charger().showCable(ProximityPilot.AMP_13);
    OTHER_CABLE.awaitOpen();
    OTHER_CABLE.awaitClosed();
    // A larger one is not believed before the car has been unplugged.
    OTHER_CABLE.charger().showCable(ProximityPilot.AMP_32);
    OTHER_CABLE.awaitReadings(2);

    List<Integer> dutyCycles = OTHER_CABLE.dutyCyclesSince(start);
    assertTrue(dutyCycles.contains(21), dutyCycles::toString);
    assertTrue(
        dutyCycles.stream().allMatch(percent -> percent == 100 || percent <= 21),
        dutyCycles::toString);
  }

  @Test
  void endsTheChargeOfACarThatComesToNeedVentilation() {
    NEEDS_AIR.charge(CarModel.ORDINARY, 16);
    NEEDS_AIR.charger().needVentilation(true);
    NEEDS_AIR.awaitOpen();
    NEEDS_AIR.awaitWhy("ventilation_required");
    NEEDS_AIR.charger().needVentilation(false);
    NEEDS_AIR.awaitReadings(2);

    assertEquals("ventilation_required", NEEDS_AIR.state().path("why").asText());
    assertEquals(1, NEEDS_AIR.charger().closings());
    NEEDS_AIR.disable();
    NEEDS_AIR.awaitWhy("disabled");
    NEEDS_AIR.enable();
    NEEDS_AIR.awaitClosed();
  }

  @Test
  void opensAtAFaultOfThePilotWaitsAndLatchesTheFourthOne() {
    FAULTY.charge(CarModel.ORDINARY, 16);
    long start = now();
    FAULTY.charger().fault();
    FAULTY.awaitOpen();
    FAULTY.awaitWhy("pilot_fault_wait");
    assertEquals("E", FAULTY.state().path("status").asText());
    assertWithin(
        1_300,
        FAULTY.first(Kind.CONTACTOR, 0, start) - FAULTY.first(Kind.PILOT, PILOT_FAULT, start));
    FAULTY.charger().endFault();
    FAULTY.awaitWhy("pilot_fault_wait");
    FAULTY.awaitClosed();
    for (int fault = 2; fault <= 4; fault++) {
      FAULTY.charger().fault();
      FAULTY.awaitState(
          "it is seen", state -> state.path("pilot_voltage").asText().equals("fault"));
      FAULTY.charger().endFault();
      FAULTY.awaitState(
          "it is over", state -> !state.path("pilot_voltage").asText().equals("fault"));
    }
    FAULTY.awaitWhy("pilot_fault");
    assertEquals("pilot_fault", FAULTY.state().path("errors").path(0).asText());

    FAULTY.charger().unplug();
    FAULTY.awaitWhy("no_vehicle");
    FAULTY.awaitState("no error is left", state -> state.path("errors").isEmpty());
  }

  @Test
  void stopsAtALimitOfZero() {
    ZERO.charge(CarModel.ORDINARY, 16);
    long start = now();
    ZERO.limit(0);
    ZERO.awaitOpen();
    ZERO.awaitWhy("limit_zero");

    assertTrue(ZERO.openedGracefullySince(start));
  }

  private static void assertWithin(long limitMillis, long millis) {
    assertTrue(millis <= limitMillis + SLACK_MILLIS, () -> millis + " ms");
  }
}
