package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The states with a contactor that is or may be closed: CLOSING, CHARGING, STOPPING, OPENING. */
class ClosedContactorTest {
  private static Bench closing() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.pilot(PilotVoltage.VOLT_6);
    bench.runUntil(() -> bench.state() == ControlState.CLOSING);
    return bench;
  }

  private static Bench stopping() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.enable(false);
    assertEquals(ControlState.STOPPING, bench.state());
    return bench;
  }

  // ---- CLOSING ----------------------------------------------------------------------------------

  @Test
  void asksForAReadingWhenTheCloseIsAcknowledged() {
    Bench bench = closing().forget();

    bench.run(40);

    assertEquals(1, bench.count("collect"));
    bench.run(700);
    assertEquals(ControlState.CHARGING, bench.state());
    assertEquals(1, bench.status().switchings());
  }

  @Test
  void closesOnceMoreAndThenLatchesWhenThePinStaysOpen() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.contactorObeys = false;

    bench.pilot(PilotVoltage.VOLT_6).run(10_000);

    assertEquals(List.of("close", "close", "open", "PWM 100"), bench.commands());
    assertEquals(ControlState.LOCKED, bench.state());
    assertEquals(Why.CONTACTOR_DISOBEYS, bench.why());
    assertEquals(List.of(LatchedError.CONTACTOR_DISOBEYS), bench.status().errors());
  }

  @Test
  void opensWhenTheResponseToTheCloseIsLost() {
    Bench lost = Bench.offered(Bench.sixteenAmps());
    lost.answers =
        command -> !(command instanceof Command.SetContactor contactor && contactor.closed());
    lost.pilot(PilotVoltage.VOLT_6).run(3_400);

    assertEquals(2_000, lost.timeOf("open") - lost.timeOf("close"));
    assertTrue(lost.first("open").urgent());
    assertEquals(ControlState.OPENING, lost.state());
  }

  @Test
  void opensWhenThePilotFlickersToAFaultWhileTheCloseIsOnItsWay() {
    Bench bench = closing().forget();

    bench.pilot(PilotVoltage.FAULT).run(10).pilot(PilotVoltage.VOLT_6).run(14_000);

    assertEquals(List.of("open", "PWM 100"), bench.commands());
    assertFalse(bench.closed);
    assertEquals(Why.MIN_OFF, bench.why());
  }

  @Test
  void opensAtOnceWhenTheCloseCannotBeDelivered() {
    Bench bench = closing();

    bench.event(new Event.CommandFailed(new Command.SetContactor(true)));

    assertEquals(List.of("close", "open"), bench.commands());
  }

  @Test
  void endsGracefullyWhenSwitchedOffWhileClosing() {
    Bench bench = closing().enable(false);

    assertEquals(List.of("close", "PWM 100"), bench.commands());
    assertEquals(ControlState.STOPPING, bench.state());
    assertTrue(bench.first("PWM 100").withdraws(new Command.SetContactor(true)));
    bench.run(7_100);
    assertEquals(List.of("close", "PWM 100", "open"), bench.commands());
  }

  // ---- CHARGING ---------------------------------------------------------------------------------

  @Test
  void opensAtOnceWhenTheChargerTellsOfAChange() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_12);
    assertEquals(List.of("open"), bench.commands());
    assertTrue(bench.first("open").urgent());
    bench.run(700);

    assertEquals(List.of("open", "PWM 100"), bench.commands());
    assertEquals(30, bench.timeOf("PWM 100") - bench.timeOf("open"));
    assertEquals(Why.NO_VEHICLE, bench.why());
  }

  @Test
  void looksFirstWhenToldOfAChangeWhereThatIsWanted() {
    Bench bench = Bench.charging(Bench.sixteenAmps().openOnNotify(false));

    bench.pilot(PilotVoltage.VOLT_9);
    assertEquals(List.of(), bench.commands());
    bench.run(610);

    assertEquals(List.of("open"), bench.commands());
  }

  @ParameterizedTest
  @EnumSource(
      value = PilotVoltage.class,
      names = {"VOLT_12", "VOLT_9", "FAULT"})
  void opensFirstWhenAReadingShowsThatTheCarHasStopped(PilotVoltage pilot) {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.quietly(pilot).run(5_700);

    assertEquals(List.of("open", "PWM 100"), bench.commands());
  }

  @Test
  void tellsThatTheCarHasPaused() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_9).run(1_000);
    assertEquals(Why.CAR_PAUSED, bench.why());
    bench.run(20_000);
    assertEquals(Why.CAR_PAUSED, bench.why());
    bench.pilot(PilotVoltage.VOLT_6).run(3_000);

    assertEquals(ControlState.CHARGING, bench.state());
    long off = bench.timeOf("close") - bench.timeOf("open");
    assertTrue(off >= 15_000, "closed again after " + off);
  }

  @Test
  void endsGracefullyWhenSwitchedOff() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.enable(false);
    assertEquals(List.of("PWM 100"), bench.commands());
    assertTrue(bench.first("PWM 100").urgent());
    assertEquals(Why.STOPPING, bench.why());
    assertEquals("C", bench.status().letter());
    assertFalse(bench.status().enabled());
    bench.run(2_000).pilot(PilotVoltage.VOLT_9);
    assertEquals(List.of("PWM 100", "open"), bench.commands());
    bench.run(1_000);

    assertEquals(Why.DISABLED, bench.why());
    assertEquals(0, bench.status().openingsUnderLoad());
  }

  @Test
  void endsGracefullyWhenTheLimitIsBelowTheMinimumAndDelaysTheNextStart() {
    Bench bench = Bench.charging(Bench.sixteenAmps().minDeciamps(80));

    bench.limit(70).run(2_000).pilot(PilotVoltage.VOLT_9).run(1_000);
    assertEquals(Why.LIMIT_BELOW_MINIMUM, bench.why());
    assertEquals("The current limit is below the minimum of 8 A.", bench.status().whyText());
    long opened = bench.timeOf("open");
    bench.limit(90).run(1_000);
    assertEquals(Why.MIN_OFF, bench.why());
    bench.run(20_000);
    assertEquals(Why.RESTART_DELAY, bench.why());
    bench.quietly(PilotVoltage.VOLT_6).run(60_000);

    assertTrue(bench.timeOf("close") - opened >= 60_000, "restarted too early");
  }

  @Test
  void lowersTheOfferAtOnceForASmallerCable() {
    Bench bench = Bench.charging(Bench.sixteenAmps().pwmInterval(Duration.ofSeconds(60)));

    bench.cable = ProximityPilot.AMP_13;
    bench.read();

    assertEquals(List.of("PWM 21"), bench.commands());
    assertTrue(bench.first("PWM 21").urgent());
    assertEquals(ControlState.CHARGING, bench.state());
  }

  @Test
  void raisesTheOfferInSteps() {
    Bench bench = Bench.charging(Bench.sixteenAmps().rampUpDeciamps(20));
    bench.limit(100).run(6_000).forget();

    bench.limit(160).run(20_000);

    assertEquals(List.of("PWM 19", "PWM 22", "PWM 25", "PWM 26"), bench.commands());
  }

  @Test
  void takesAnOpenContactorForStopped() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.closed = false;
    bench.read();

    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(ControlState.WAITING, bench.state());
    bench.run(14_000);
    assertEquals(Why.MIN_OFF, bench.why());
  }

  @Test
  void correctsAForeignDutyCycleAndGivesUpTheThirdTime() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    for (int i = 0; i < 2; i++) {
      bench.pwm = 53;
      bench.read();
      assertEquals(i + 1, bench.count("PWM 26"));
      bench.run(1_000);
    }
    bench.pwm = 53;
    bench.read();

    assertEquals(ControlState.STOPPING, bench.state());
    assertEquals(Why.FOREIGN_CONTROL, bench.why());
    assertEquals(List.of("PWM 26", "PWM 26", "PWM 100"), bench.commands());
    bench.run(8_000);
    assertEquals(ControlState.LOCKED, bench.state());
  }

  @Test
  void correctsAForeignDutyCycleToWhatIsAllowedByThen() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.limit(100).run(100).limit(80).run(100).forget();

    bench.pwm = 53;
    bench.read();

    assertEquals(List.of("PWM 13"), bench.commands());
  }

  @Test
  void givesUpASessionWithoutReadings() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.answers = command -> false;

    bench.run(16_000);

    assertEquals(List.of("PWM 100", "open", "leave NO_READINGS"), bench.commands());
    assertEquals(ControlState.OFFLINE, bench.state());
  }

  @Test
  void endsGracefullyWhenVentilationIsRefused() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.quietly(PilotVoltage.VOLT_3).read();

    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(ControlState.STOPPING, bench.state());
    bench.run(10_000);
    assertEquals(Why.VENTILATION_REQUIRED, bench.why());
  }

  @Test
  void asksNoMoreOftenThanEveryTwoSecondsWhileClosed() {
    Bench bench = stopping();
    bench.forget().run(5_900);

    assertTrue(bench.count("collect") <= 3, bench.count("collect") + " collects");
    assertTrue(bench.count("collect") >= 2, bench.count("collect") + " collects");
  }

  // ---- STOPPING ---------------------------------------------------------------------------------

  @Test
  void opensUnderLoadWhenTheCarIgnoresTheEnd() {
    Bench bench = stopping();

    bench.run(6_020);
    assertEquals(List.of("PWM 100"), bench.commands());
    bench.run(100);

    assertEquals(List.of("PWM 100", "open"), bench.commands());
    assertEquals(6_030, bench.timeOf("open") - bench.timeOf("PWM 100"));
    assertEquals(1, bench.status().openingsUnderLoad());
  }

  @Test
  void opensWhenAlmostNoCurrentFlows() {
    Bench bench = Bench.charging(Bench.sixteenAmps().current(Bench.CALIBRATED));
    bench.milliamps = 15_000;
    bench.run(5_000).enable(false);

    bench.milliamps = 900;
    bench.run(4_800);

    assertEquals(List.of("PWM 100", "open"), bench.commands());
    assertEquals(0, bench.status().openingsUnderLoad());
  }

  @Test
  void finishesAStopAlthoughChargingIsAllowedAgain() {
    Bench bench = stopping();

    bench.run(1_000).enable(true).run(1_000);
    assertEquals(ControlState.STOPPING, bench.state());
    bench.pilot(PilotVoltage.VOLT_9).run(700).quietly(PilotVoltage.VOLT_6).run(30_000);

    assertEquals(List.of("PWM 100", "open", "PWM 26", "close"), bench.commands());
    assertTrue(bench.timeOf("close") - bench.timeOf("open") >= 15_000, "min_off");
  }

  @Test
  void sparesTheContactorHoweverOftenChargingIsSwitchedOffAndOn() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    for (int i = 0; i < 300; i++) {
      bench.enable(i % 2 == 1).run(100);
    }
    bench.run(30_000);

    assertEquals(1, bench.count("open"));
    assertEquals(1, bench.count("close"));
    assertTrue(bench.timeOf("close") - bench.timeOf("open") >= 15_000);
    assertEquals(ControlState.CHARGING, bench.state());
  }

  @Test
  void opensInTimeAlthoughTheEndOfTheOfferIsNeverAcknowledged() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.answers = command -> !(command instanceof Command.SetPwm);

    bench.enable(false);
    long ordered = bench.millis();
    bench.run(7_100);

    assertEquals(7_000, bench.timeOf("open") - ordered);
  }

  // ---- OPENING ----------------------------------------------------------------------------------

  @Test
  void opensAgainAndLatchesWhenThePinStaysClosed() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.contactorObeys = false;

    bench.pilot(PilotVoltage.VOLT_9).run(4_000);
    assertEquals(ControlState.LOCKED, bench.state());
    assertEquals(Why.CONTACTOR_DISOBEYS, bench.why());
    long opens = bench.count("open");
    bench.run(20_000);

    long more = bench.count("open") - opens;
    assertTrue(more >= 3 && more <= 5, more + " times more");
  }

  @Test
  void leavesWhenOpeningIsNotAcknowledgedTwice() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.answers = command -> false;

    bench.pilot(PilotVoltage.VOLT_6).run(5_000);

    assertEquals(List.of("open", "open", "PWM 100", "open", "leave NO_RESPONSE"), bench.commands());
  }

  @Test
  void judgesOnlyReadingsThatWereTakenAfterTheOpening() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.event(new Event.Notified());
    bench.forget();

    bench.read();

    assertEquals(List.of(), bench.commands());
    bench.run(5_000);
    assertEquals(0, bench.status().errors().size());
  }
}
