package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.ContactorFault;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.simulator.SimulatedFirmware;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import dev.evsebridge.testkit.WireFrame;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What goes wrong at a charger or its car, and what the controller makes of it. */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeProtectionIT {

  @RegisterExtension static final Wallboxes wallboxes = Wallboxes.ofSixteenAmps();

  private static final Wallbox WITHIN = wallboxes.wallbox();
  private static final Wallbox TOO_MUCH = wallboxes.wallbox();
  private static final Wallbox FAR_TOO_MUCH = wallboxes.wallbox();
  private static final Wallbox SLOW = wallboxes.wallbox();
  private static final Wallbox WELDED = wallboxes.wallbox();
  private static final Wallbox BLIND = wallboxes.uncalibrated();
  private static final Wallbox STUCK = wallboxes.wallbox();
  private static final Wallbox LOST_RESPONSE = wallboxes.wallbox();
  private static final Wallbox LOW_VOLTAGE = wallboxes.wallbox();
  private static final Wallbox OFF_THE_SCALE = wallboxes.wallbox();
  private static final Wallbox VOLTAGE_OFF_THE_SCALE = wallboxes.wallbox();
  private static final Wallbox UPDATED = wallboxes.wallbox();
  private static final Wallbox REBOOTED = wallboxes.wallbox("min_off=15s");
  private static final Wallbox DROPPED = wallboxes.wallbox();
  private static final Wallbox CONTESTED = wallboxes.wallbox("poll=2s");

  @Test
  void toleratesACarThatDrawsALittleMoreThanItMay() {
    WITHIN.charge(CarModel.ORDINARY, 16);
    WITHIN.charger().forceAmps(17.5);
    long start = now();
    WITHIN.until("it was watched long enough", () -> now() - start > 25_000);

    assertEquals(List.of(), WITHIN.dutyCyclesSince(start));
    assertTrue(WITHIN.charger().isContactorClosed());
  }

  @Test
  void lowersTheOfferOfACarThatDrawsTooMuchAndThenStopsIt() {
    TOO_MUCH.charge(CarModel.ORDINARY, 16);
    TOO_MUCH.charger().forceAmps(18.0);
    long start = now();
    TOO_MUCH.until("the offer is lower", () -> TOO_MUCH.charger().dutyCyclePercent() != 26);
    TOO_MUCH.awaitState(
        "it is limited", state -> state.path("limited_by").asText().equals("overcurrent"));
    TOO_MUCH.awaitOpen();
    TOO_MUCH.awaitWhy("overcurrent");

    List<Integer> dutyCycles = TOO_MUCH.dutyCyclesSince(start);
    // 15.6 A less 2.4 A, or 2.5 A when the sensor shows a little more.
    assertTrue(Set.of(21, 22).contains(dutyCycles.get(0)), dutyCycles::toString);
    assertEquals(100, dutyCycles.get(1));
    long lowered = TOO_MUCH.first(Kind.DUTY_CYCLE, dutyCycles.get(0), start);
    assertTrue(lowered - start >= 9_500, () -> "after " + (lowered - start) + " ms");
    assertTrue(TOO_MUCH.first(Kind.DUTY_CYCLE, 100, start) - lowered >= 9_500);
    TOO_MUCH.charger().unplug();
    TOO_MUCH.awaitWhy("no_vehicle");
    assertTrue(TOO_MUCH.state().path("errors").isEmpty());
  }

  @Test
  void opensAtOnceWhenACarDrawsFarTooMuch() {
    FAR_TOO_MUCH.charge(CarModel.ORDINARY, 16);
    FAR_TOO_MUCH.charger().forceAmps(26.0);
    long start = now();
    FAR_TOO_MUCH.awaitOpen();
    FAR_TOO_MUCH.awaitWhy("overcurrent");

    // A poll to the first reading, 2 s to the second, and a collect each.
    assertWithin(8_400, FAR_TOO_MUCH.first(Kind.CONTACTOR, 0, start) - start);
    FAR_TOO_MUCH.charger().endForcedAmps();
    FAR_TOO_MUCH.send("set/reset", "overcurrent");
    FAR_TOO_MUCH.awaitState("no error is left", state -> state.path("errors").isEmpty());
    FAR_TOO_MUCH.awaitClosed();
    long pause =
        FAR_TOO_MUCH.first(Kind.CONTACTOR, 1, start) - FAR_TOO_MUCH.first(Kind.CONTACTOR, 0, start);
    assertTrue(pause >= 10_000, () -> pause + " ms");
  }

  /** What shows the highest number of the charger's ADC may be any current above that. */
  @Test
  void opensAtOnceWhenACurrentIsMoreThanTheSensorCanShow() {
    OFF_THE_SCALE.charge(CarModel.ORDINARY, 16);
    OFF_THE_SCALE.charger().forceAmps(500);
    long start = now();
    OFF_THE_SCALE.awaitState("it is seen", state -> state.path("phase1_amps").asDouble() > 3 * 16);
    OFF_THE_SCALE.awaitOpen();
    OFF_THE_SCALE.awaitWhy("overcurrent");

    assertWithin(8_400, OFF_THE_SCALE.first(Kind.CONTACTOR, 0, start) - start);
    OFF_THE_SCALE.awaitDutyCycle(100);
    OFF_THE_SCALE.awaitReadings(2);
    assertEquals(1, OFF_THE_SCALE.charger().closings());
  }

  @Test
  void stopsGracefullyWhenAVoltageIsMoreThanTheSensorCanShow() {
    VOLTAGE_OFF_THE_SCALE.charge(CarModel.ORDINARY, 16);
    long start = now();
    VOLTAGE_OFF_THE_SCALE.charger().setSupplyVolts(1_000);
    VOLTAGE_OFF_THE_SCALE.awaitOpen();
    VOLTAGE_OFF_THE_SCALE.awaitWhy("supply_voltage");

    assertTrue(VOLTAGE_OFF_THE_SCALE.openedGracefullySince(start));
    assertEquals(0, VOLTAGE_OFF_THE_SCALE.charger().openingsUnderLoad());
    double volts = VOLTAGE_OFF_THE_SCALE.state().path("phase1_volts").asDouble();
    assertTrue(volts > 265 && volts < 400, () -> volts + " V");
  }

  @Test
  void givesACarTimeToFollowALowerOffer() {
    SLOW.charge(CarModel.ORDINARY.reacting(Duration.ofSeconds(6), Duration.ofSeconds(6), 4), 16);
    SLOW.until("it draws its full current", () -> SLOW.charger().amps(1) > 15);
    long start = now();
    SLOW.limit(6);
    SLOW.awaitDutyCycle(10);
    SLOW.until("it has followed", () -> SLOW.charger().amps(1) < 6.5);
    SLOW.awaitReadings(3);

    assertEquals(List.of(10), SLOW.dutyCyclesSince(start));
    assertEquals("limit", SLOW.state().path("limited_by").asText());
    assertTrue(SLOW.charger().isContactorClosed());
  }

  @Test
  void locksAWeldedContactorUntilNoCurrentFlowsAndSomebodyHasSaidSo() {
    WELDED.charger().setContactorFault(ContactorFault.WELDED);
    WELDED.charge(CarModel.ORDINARY, 16);
    WELDED.charger().forceAmps(2);
    WELDED.disable();
    WELDED.awaitWhy("contactor_welded");
    assertEquals(100, WELDED.charger().dutyCyclePercent());
    assertEquals("contactor_welded", WELDED.state().path("errors").path(0).asText());

    WELDED.send("set/reset", "contactor_welded");
    MqttProbe.Message refused = wallboxes.probe().take(MqttProbe.errorOf(WELDED.id()));
    assertEquals("invalid_value", refused.field("error"));
    assertEquals("contactor_welded stays: current still flows.", refused.field("detail"));
    WELDED.charger().unplug();
    WELDED.awaitState(
        "the car is gone", state -> state.path("pilot_voltage").asText().equals("volt_12"));
    assertEquals("contactor_welded", WELDED.state().path("why").asText());
    WELDED.charger().setContactorFault(ContactorFault.NONE);
    WELDED.send("set/reset", "all");
    WELDED.awaitState("no error is left", state -> state.path("errors").isEmpty());
  }

  @Test
  void protectsFromNothingWithoutCalibrationAndSaysSo() {
    BLIND.charge(CarModel.ORDINARY, 16);
    BLIND.charger().forceAmps(30);
    BLIND.charger().setSupplyVolts(120);
    long start = now();
    BLIND.awaitReadings(4);

    assertEquals(List.of(), BLIND.dutyCyclesSince(start));
    assertTrue(BLIND.charger().isContactorClosed());
    for (String kind : List.of("overcurrent", "weld", "voltage")) {
      assertEquals("not_calibrated", BLIND.state().path("protection").path(kind).asText());
    }
    assertTrue(BLIND.state().path("phase1_amps").isNull());
    assertTrue(BLIND.state().path("phase1_volts").isNull());
  }

  @Test
  void triesTwiceToCloseAContactorThatDoesNotObey() {
    STUCK.charger().setContactorFault(ContactorFault.STUCK_PIN);
    STUCK.offer(CarModel.ORDINARY, 16);
    long start = now();
    STUCK.charger().ask();
    STUCK.awaitWhy("contactor_disobeys");
    STUCK.awaitDutyCycle(100);

    List<Long> closes =
        STUCK.eventsSince(start).stream()
            .filter(
                event -> event.kind() == Kind.REQUEST && event.value() == WireFrame.SET_CONTACTOR)
            .map(event -> event.atMillis())
            .toList();
    assertTrue(closes.size() >= 3, closes::toString); // close, close again, open
    assertTrue(closes.get(1) - closes.get(0) >= 1_900, closes::toString);
    STUCK.charger().setContactorFault(ContactorFault.NONE);
    STUCK.send("set/reset", "contactor_disobeys");
    STUCK.awaitClosed();
  }

  @Test
  void opensWhenTheChargerDoesNotSayThatItHasClosed() {
    LOST_RESPONSE.offer(CarModel.ORDINARY, 16);
    LOST_RESPONSE.awaitReadings(1);
    LOST_RESPONSE.charger().loseResponses(WireFrame.ANSWER_TO_CONTACTOR, 1);
    long start = now();
    LOST_RESPONSE.charger().ask();
    LOST_RESPONSE.awaitClosed();
    LOST_RESPONSE.awaitOpen();

    long closed = LOST_RESPONSE.first(Kind.CONTACTOR, 1, start);
    long opened = LOST_RESPONSE.first(Kind.CONTACTOR, 0, start);
    assertWithin(2_800, opened - closed);
    LOST_RESPONSE.until("it charges again", () -> LOST_RESPONSE.charger().closings() == 2);
    assertTrue(LOST_RESPONSE.first(Kind.CONTACTOR, 1, opened) - opened >= 10_000);
  }

  @Test
  void stopsGracefullyWhenTheSupplyVoltageIsOutOfRange() {
    LOW_VOLTAGE.charge(CarModel.ORDINARY, 16);
    long start = now();
    LOW_VOLTAGE.charger().setSupplyVolts(150);
    LOW_VOLTAGE.awaitOpen();
    LOW_VOLTAGE.awaitWhy("supply_voltage");

    assertTrue(LOW_VOLTAGE.openedGracefullySince(start));
    assertEquals(0, LOW_VOLTAGE.charger().openingsUnderLoad());
    assertTrue(LOW_VOLTAGE.state().path("errors").isEmpty(), "it is not latched");
  }

  @Test
  void refusesFirmwareWhileChargingAndChargesOnAfterAnUpload() {
    byte[] image = SimulatedFirmware.of(10, 40_000);
    UPDATED.charge(CarModel.ORDINARY, 16);
    wallboxes.probe().request(Messages.firmware(UPDATED.id(), image));
    MqttProbe.Message refused = wallboxes.probe().take(MqttProbe.errorOf(UPDATED.id()));
    assertEquals("contactor_closed", refused.field("error"));
    assertTrue(UPDATED.charger().isContactorClosed());

    UPDATED.charger().stopAsking();
    UPDATED.awaitOpen();
    UPDATED.awaitWhy("car_paused");
    UPDATED.awaitDutyCycle(26);
    long start = now();
    wallboxes.probe().request(Messages.firmware(UPDATED.id(), image));
    UPDATED.awaitWhy("firmware_update");
    UPDATED.until("the new version runs", () -> UPDATED.charger().firmwareVersion() == 10);
    UPDATED.charger().ask();
    UPDATED.awaitClosed();

    long restarted = UPDATED.first(Kind.RESET, 10, start);
    assertTrue(UPDATED.first(Kind.CONTACTOR, 1, start) >= restarted);
    assertEquals(0, UPDATED.charger().openingsUnderLoad());
  }

  @Test
  void startsAnewAfterARestartOfTheChargerWithAPause() {
    REBOOTED.charge(CarModel.ORDINARY, 16);
    long start = now();
    REBOOTED.charger().reset();
    REBOOTED.until("it has begun to restart", () -> !REBOOTED.charger().isConnected());
    REBOOTED.awaitConnected();
    REBOOTED.awaitClosed();
    REBOOTED.awaitState("it is charging", state -> state.path("charging").asBoolean());

    long connected = REBOOTED.first(Kind.CONNECTION, 1, start);
    long closed = REBOOTED.first(Kind.CONTACTOR, 1, start);
    assertTrue(closed - connected >= 15_000, () -> "a pause of " + (closed - connected) + " ms");
  }

  @Test
  void takesARunningChargeUpAgainWhenTheConnectionWasLost() {
    DROPPED.charge(CarModel.ORDINARY, 16);
    long start = now();
    DROPPED.charger().dropConnection();
    DROPPED.until("it is back", () -> DROPPED.count(Kind.CONNECTION, 1, start) == 1);
    DROPPED.awaitState("it is charging", state -> state.path("charging").asBoolean());
    DROPPED.awaitReadings(2);

    assertEquals(List.of(), DROPPED.commandsSince(start));
    assertTrue(DROPPED.charger().isContactorClosed());
  }

  @Test
  void givesUpWhenSomethingElseKeepsChangingTheOffer() {
    CONTESTED.charge(CarModel.ORDINARY, 16);
    for (int time = 1; time <= 2; time++) {
      CONTESTED.charger().setDutyCyclePercent(53);
      CONTESTED.awaitDutyCycle(26);
    }
    long start = now();
    CONTESTED.charger().setDutyCyclePercent(53);
    CONTESTED.awaitWhy("foreign_control");
    CONTESTED.awaitOpen();
    CONTESTED.awaitDutyCycle(100);

    assertFalse(CONTESTED.dutyCyclesSince(start).contains(26));
    CONTESTED.send("set/reset", "foreign_control");
    CONTESTED.awaitClosed();
  }

  private static void assertWithin(long limitMillis, long millis) {
    assertTrue(millis <= limitMillis + SLACK_MILLIS, () -> millis + " ms");
  }
}
