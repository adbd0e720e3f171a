package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Errors: when they are raised, what they end, what clears them. */
class ErrorsTest {
  private static ControlSettings.Builder calibrated() {
    return Bench.sixteenAmps().current(Bench.CALIBRATED).voltage(Bench.CALIBRATED);
  }

  private static Bench chargingAt(int milliamps) {
    Bench bench = Bench.charging(calibrated());
    bench.milliamps = milliamps;
    return bench;
  }

  // ---- overcurrent ------------------------------------------------------------------------------

  @Test
  void toleratesWhatIsWithinTheTolerance() {
    Bench bench = chargingAt(17_600);

    bench.run(120_000);

    assertEquals(List.of(), bench.commands());
  }

  @Test
  void lowersTheOfferByTheOvershootAndStopsACarThatDoesNotFollow() {
    Bench bench = chargingAt(18_000);
    long from = bench.millis();

    bench.runUntil(() -> bench.count("PWM 22") > 0);
    long took = bench.timeOf("PWM 22") - from;
    assertTrue(took >= 10_000 && took <= 18_000, "reduced after " + took);
    assertEquals(LimitedBy.OVERCURRENT, bench.status().limitedBy());
    assertEquals(ControlState.CHARGING, bench.state());
    bench.run(9_000);
    assertEquals(ControlState.CHARGING, bench.state());
    bench.run(3_500);

    assertEquals(List.of("PWM 22", "PWM 100"), bench.commands());
    assertEquals(Why.OVERCURRENT, bench.why());
    bench.run(10_000);
    assertEquals(ControlState.LOCKED, bench.state());
  }

  @Test
  void toleratesNineSecondsOfTooMuch() {
    Bench bench = chargingAt(18_000);
    bench.read();

    bench.run(9_000);
    bench.milliamps = 15_000;
    bench.run(60_000);

    assertEquals(List.of(), bench.commands());
  }

  @Test
  void toleratesACarThatNeedsSomeSecondsToFollowALowerLimit() {
    Bench bench = chargingAt(15_600);

    bench.limit(60).run(6_000);
    bench.milliamps = 6_000;
    bench.run(30_000);

    assertEquals(List.of("PWM 10"), bench.commands());
  }

  @Test
  void readsMoreOftenWhileItSuspectsSomething() {
    Bench bench = chargingAt(18_000);
    bench.read();

    bench.forget().run(8_100);

    assertTrue(bench.count("collect") >= 4, bench.count("collect") + " collects");
  }

  @Test
  void opensAtOnceWhenFarTooMuchFlows() {
    Bench bench = chargingAt(25_000);

    bench.run(9_000);

    assertEquals(List.of("open", "PWM 100"), bench.commands());
    assertEquals(Why.OVERCURRENT, bench.why());
  }

  @Test
  void clearsOvercurrentByUnpluggingForTwoSeconds() {
    Bench bench = chargingAt(25_000);
    bench.run(9_000);
    bench.milliamps = 0;

    bench.pilot(PilotVoltage.VOLT_12).run(1_000);
    assertEquals(List.of(LatchedError.OVERCURRENT), bench.status().errors());
    bench.run(3_000);

    assertEquals(List.of(), bench.status().errors());
    assertEquals(ControlState.IDLE, bench.state());
  }

  // ---- welded contactor -------------------------------------------------------------------------

  private static Bench welded() {
    Bench bench = Bench.charging(calibrated());
    bench.pilot(PilotVoltage.VOLT_9).run(700);
    bench.milliamps = 2_000;
    bench.run(12_000);
    assertEquals(Why.CONTACTOR_WELDED, bench.why());
    return bench;
  }

  @Test
  void seesCurrentThroughAnOpenContactorAndOpensItOnceMore() {
    Bench bench = welded();

    assertEquals(2, bench.count("open"));
    assertEquals(ControlState.LOCKED, bench.state());
    bench.run(60_000);
    assertEquals(2, bench.count("open"));
  }

  @Test
  void keepsAWeldedContactorLatchedOverUnpluggingAndRestart() {
    Bench bench = welded();

    bench.pilot(PilotVoltage.VOLT_12).run(10_000);
    assertEquals(Why.CONTACTOR_WELDED, bench.why());
    bench.milliamps = 0;
    bench.restart(1_000).connect().run(10_000);
    assertEquals(Why.CONTACTOR_WELDED, bench.why());
    assertEquals(ControlState.LOCKED, bench.state());
  }

  @Test
  void resetsAWeldedContactorOnlyWhenNoCurrentFlows() {
    Bench bench = welded();

    Step refused = bench.event(new Event.Reset(LatchedError.CONTACTOR_WELDED));
    assertTrue(refused.refusal().orElse("").contains("current still flows"));
    assertEquals(Why.CONTACTOR_WELDED, bench.why());

    bench.milliamps = 0;
    bench.read();
    Step taken = bench.event(new Event.Reset(null));
    assertTrue(taken.refusal().isEmpty());
    assertEquals(List.of(), bench.status().errors());
  }

  @Test
  void startsNothingInTheSameBreathAsAReset() {
    Bench bench = welded();
    bench.milliamps = 0;
    bench.quietly(PilotVoltage.VOLT_6).run(60_000);
    bench.event(new Event.Reset(null));
    long reset = bench.millis();

    assertEquals(Why.MIN_OFF, bench.why());
    bench.run(30_000);

    assertTrue(bench.timeOf("close") - reset >= 15_000, "started too early");
  }

  // ---- the others -------------------------------------------------------------------------------

  @Test
  void resetsADisobeyingContactorOnlyWhenItIsOpen() {
    Bench bench = Bench.charging(calibrated());
    bench.contactorObeys = false;
    bench.pilot(PilotVoltage.VOLT_9).run(10_000);
    assertEquals(Why.CONTACTOR_DISOBEYS, bench.why());

    assertTrue(bench.event(new Event.Reset(null)).refusal().isPresent());
    bench.contactorObeys = true;
    bench.run(12_000);
    assertEquals(Why.CONTACTOR_DISOBEYS, bench.why());
    assertTrue(bench.event(new Event.Reset(null)).refusal().isEmpty());
    assertEquals(List.of(), bench.status().errors());
  }

  @Test
  void goesOnOpeningAContactorThatDisobeysAfterARestart() {
    ControlMemory memory =
        new ControlMemory(
            true, 160, Set.of(LatchedError.CONTACTOR_DISOBEYS), null, null, List.of(), 0, 0);
    Bench bench = new Bench(calibrated(), memory);
    bench.connect().run(2_000);
    assertEquals(ControlState.LOCKED, bench.state());

    bench.closed = true;
    bench.contactorObeys = false;
    bench.read();
    assertEquals(List.of("open"), bench.commands());
    bench.run(10_100);

    assertEquals(List.of("open", "open", "open"), bench.commands());
  }

  @Test
  void forgetsForeignControlAfterTenQuietMinutes() {
    Bench bench = Bench.offered(calibrated());
    for (int i = 0; i < 3; i++) {
      bench.pwm = 53;
      bench.read().run(100);
    }
    assertEquals(Why.FOREIGN_CONTROL, bench.why());

    bench.run(590_000);
    assertEquals(Why.FOREIGN_CONTROL, bench.why());
    bench.run(20_000);
    assertEquals(Why.CAR_NOT_ASKING, bench.why());
  }

  @Test
  void stopsForASupplyOutOfRangeAndWaitsUntilItIsGoodForAMinute() {
    Bench bench = Bench.charging(calibrated());
    bench.run(6_000);

    bench.millivolts = 170_000;
    bench.run(9_000);
    assertEquals(List.of("PWM 100"), bench.commands().subList(0, 1));
    assertEquals(Why.SUPPLY_VOLTAGE, bench.why());
    bench.run(10_000);
    bench.millivolts = 230_000;
    bench.run(58_000);
    assertEquals(Why.SUPPLY_VOLTAGE, bench.why());
    bench.run(9_000);
    assertEquals(Why.RESTART_DELAY, bench.why());
    bench.run(70_000);
    assertNull(bench.status().why());
  }

  @Test
  void toleratesASingleReadingOutOfRange() {
    Bench bench = Bench.charging(calibrated());
    bench.millivolts = 300_000;
    bench.read();
    bench.millivolts = 230_000;

    bench.run(20_000);

    assertEquals(List.of(), bench.commands());
  }

  @Test
  void decidesNothingByCurrentsThatAreNotCalibrated() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.milliamps = 2_000_000;
    bench.millivolts = 2_000;

    bench.run(120_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(
        new ControlStatus.ProtectionStatus(false, false, false), bench.status().protection());
  }

  @Test
  void saysWhichProtectionIsOn() {
    assertEquals(
        new ControlStatus.ProtectionStatus(true, true, true),
        new Bench(calibrated()).status().protection());
    PhaseCalibration onePhase = new PhaseCalibration(Bench.PLAIN, null, null);
    assertEquals(
        new ControlStatus.ProtectionStatus(false, false, false),
        new Bench(Bench.sixteenAmps().current(onePhase)).status().protection());
  }

  @ParameterizedTest
  @EnumSource(
      value = LatchedError.class,
      names = {"CONTACTOR_WELDED", "CONTACTOR_DISOBEYS"})
  void neverStartsWhileAnErrorIsLatched(LatchedError error) {
    ControlMemory memory = new ControlMemory(true, 160, Set.of(error), null, null, List.of(), 0, 0);
    Bench bench = new Bench(calibrated(), memory);

    bench.connect().run(20_000).plugIn(PilotVoltage.VOLT_9).run(20_000);
    bench.pilot(PilotVoltage.VOLT_6).run(60_000);

    assertEquals(0, bench.count("close"));
    assertEquals(error.why(), bench.status().why());
  }
}
