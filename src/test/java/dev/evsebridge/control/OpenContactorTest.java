package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The states with an open contactor: IDLE, WAITING, OFFERED, CONFIRM, WAKING, FAULT, FIRMWARE. */
class OpenContactorTest {
  private static Bench idle(ControlSettings.Builder settings) {
    Bench bench = new Bench(settings);
    bench.connect().set(true, 160).run(5_000).forget();
    assertEquals(ControlState.IDLE, bench.state());
    return bench;
  }

  @Test
  void offersAsSoonAsACarIsPluggedIn() {
    Bench bench = idle(Bench.sixteenAmps());
    long plugged = bench.millis();

    bench.plugIn(PilotVoltage.VOLT_9).run(800);

    assertEquals(List.of("PWM 26"), bench.commands());
    assertTrue(bench.timeOf("PWM 26") - plugged <= 800, "offered in time");
    assertEquals(Why.CAR_NOT_ASKING, bench.why());
    assertEquals("B", bench.status().letter());
    assertEquals(156, bench.status().offeredDeciamps());
  }

  @Test
  void saysHowACarGetsPowerThatMayDrawTenAmpsOnlyButNeedsMore() {
    Bench bench = idle(Bench.sixteenAmps().minDeciamps(120));

    bench.plugIn(PilotVoltage.VOLT_6).run(5_000);
    assertEquals(Why.LIMIT_BELOW_MINIMUM, bench.why());
    assertEquals(
        "The car asked for power before it was offered any and may draw 10 A at most, below the minimum of 12 A: unplug it and plug it in again.",
        bench.status().whyText());
    bench.set(true, 80).run(5_000);
    assertEquals("The current limit is below the minimum of 12 A.", bench.status().whyText());

    bench.set(true, 160).pilot(PilotVoltage.VOLT_12).run(5_000);
    bench.pilot(PilotVoltage.VOLT_9).run(5_000);
    assertEquals(ControlState.OFFERED, bench.state());
  }

  @Test
  void offersWhenTheCableIsRecognisedAfterTheCar() {
    Bench bench = idle(Bench.sixteenAmps());
    long plugged = bench.millis();

    bench.cable = ProximityPilot.NO_CABLE;
    bench.plugIn(PilotVoltage.VOLT_9).run(620);
    assertEquals(Why.NO_CABLE_RATING, bench.why());
    bench.cable = ProximityPilot.AMP_32;
    bench.event(new Event.Notified());
    bench.run(900);

    assertTrue(bench.timeOf("PWM 26") - plugged <= 1_500, "offered in time");
  }

  @Test
  void withdrawsTheOfferWhenTheCarIsUnplugged() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_12).run(700);

    assertEquals(List.of("PWM 100"), bench.commands());
    assertTrue(bench.first("PWM 100").urgent());
    assertEquals(ControlState.IDLE, bench.state());
    assertEquals(Why.NO_VEHICLE, bench.why());
  }

  @Test
  void waitsWhileChargingIsSwitchedOff() {
    Bench bench = idle(Bench.sixteenAmps()).enable(false);

    bench.plugIn(PilotVoltage.VOLT_9).run(10_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(ControlState.WAITING, bench.state());
    assertEquals(Why.DISABLED, bench.why());
  }

  @Test
  void offersAgainOnlyAfterThreeSecondsWithoutAnOffer() {
    Bench bench = Bench.offered(Bench.sixteenAmps().pwmInterval(Duration.ofSeconds(5)));
    bench.event(new Event.BrokerLost());
    bench.run(100).event(new Event.BrokerBack());
    long withdrawn = bench.timeOf("PWM 100");

    bench.run(10_000);

    assertEquals(List.of("PWM 100", "PWM 26"), bench.commands());
    assertTrue(bench.timeOf("PWM 26") - withdrawn >= 3_000, "a new offer can be told from the old");
  }

  @Test
  void endsAnOfferForASetPointInItsSlot() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.limit(100);
    long changed = bench.millis();

    bench.run(1_000).enable(false);
    assertEquals(List.of("PWM 16"), bench.commands());
    assertEquals(Why.DISABLED, bench.why());
    bench.run(5_000);

    assertEquals(List.of("PWM 16", "PWM 100"), bench.commands());
    assertEquals(5_000, bench.timeOf("PWM 100") - changed);
    assertEquals(ControlState.WAITING, bench.state());
  }

  @Test
  void neverClosesForAnOfferThatIsAboutToEnd() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.limit(100).run(100).enable(false);

    bench.pilot(PilotVoltage.VOLT_6).run(4_000);

    assertEquals(0, bench.count("close"));
  }

  @Test
  void changesTheOfferOncePerIntervalAndToTheLastValue() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    long changed = bench.millis();

    bench.limit(100).run(600).limit(90).run(600).limit(80).run(600).limit(70).run(10_000);

    assertEquals(List.of("PWM 16", "PWM 11"), bench.commands());
    assertEquals(5_000, bench.timeOf("PWM 11") - changed);
  }

  @Test
  void closesAfterTwoReadingsAndAPauseInWhichNothingIsTold() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    long asked = bench.millis();

    bench.pilot(PilotVoltage.VOLT_6).run(650);
    assertEquals(ControlState.CONFIRM, bench.state());
    assertEquals(Why.STARTING, bench.why());
    bench.run(4_000);

    assertEquals(List.of("close"), bench.commands());
    assertFalse(bench.first("close").urgent());
    long took = bench.timeOf("close") - asked;
    assertTrue(took >= 1_200 && took <= 1_600, "closed after " + took);
    assertEquals(ControlState.CHARGING, bench.state());
    assertNull(bench.status().why());
    assertEquals("C", bench.status().letter());
  }

  @Test
  void doesNotCloseForAFlicker() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_6).run(610);
    bench.pilot = PilotVoltage.VOLT_9;
    bench.run(10_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(ControlState.OFFERED, bench.state());
  }

  @Test
  void doesNotCloseWhenTheCarGoesBackInTheLastMoment() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_6).run(1_250);
    assertEquals(ControlState.CONFIRM, bench.state());
    bench.pilot(PilotVoltage.VOLT_9).run(10_000);

    assertEquals(List.of(), bench.commands());
  }

  @Test
  void doesNotCloseBeforeTheChargerHasAnsweredThatNothingIsNewer() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.answers = command -> !(command instanceof Command.Ping);

    bench.pilot(PilotVoltage.VOLT_6).run(60_000);
    assertEquals(1, bench.count("ping"));
    assertEquals(List.of(), bench.commands());
    assertEquals(Why.STARTING, bench.why());

    bench.event(new Event.CommandFailed(bench.first("ping")));
    assertEquals(ControlState.OFFERED, bench.state());
    bench.answers = command -> true;
    bench.run(7_000);
    assertEquals(List.of("close"), bench.commands());
    assertEquals(3, bench.count("ping"));
  }

  @Test
  void startsAnewWhenANotificationComesBetweenTheReadings() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_6).run(700);
    bench.event(new Event.Notified());
    assertEquals(ControlState.OFFERED, bench.state());
    long from = bench.millis();
    bench.run(5_000);

    assertTrue(bench.timeOf("close") - from >= 1_100, "two more readings were taken");
  }

  @Test
  void letsAnOfferSettleForASecondBeforeTheCarsWishCounts() {
    Bench bench = idle(Bench.sixteenAmps());
    bench.plugIn(PilotVoltage.VOLT_9).run(640);
    long offered = bench.timeOf("PWM 26");

    bench.pilot(PilotVoltage.VOLT_6).run(5_000);

    assertTrue(bench.timeOf("close") - offered >= 1_000 + 600, "closed too early");
  }

  @Test
  void doesNotRaiseTheOfferWhileTheCarIsAboutToStart() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.limit(100).run(5_200).forget();

    bench.pilot(PilotVoltage.VOLT_6).run(700).limit(160).run(5_000);

    assertEquals(List.of("close", "PWM 26"), bench.commands());
  }

  @Test
  void takesACarThatAsksWithoutHavingBeenInBForASimpleOne() {
    Bench bench = idle(Bench.sixteenAmps());

    bench.plugIn(PilotVoltage.VOLT_6).run(8_000);
    assertEquals(List.of("PWM 16", "close"), bench.commands());
    assertEquals(LimitedBy.SIMPLIFIED, bench.status().limitedBy());

    bench.pilot(PilotVoltage.VOLT_9).run(60_000);
    assertEquals(LimitedBy.MAX_AMPS, bench.status().limitedBy());
  }

  @Test
  void refusesVentilationUntilUnpluggedOrSwitchedOffAndOn() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.VOLT_3).run(1_000);
    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(Why.VENTILATION_REQUIRED, bench.why());
    bench.pilot(PilotVoltage.VOLT_9).run(60_000);
    assertEquals(List.of("PWM 100"), bench.commands());
    bench.enable(false).run(10).enable(true).run(10_000);
    assertEquals(List.of("PWM 100", "PWM 26"), bench.commands());
  }

  @Test
  void takesVentilationForCWhereItIsAllowed() {
    Bench bench = Bench.offered(Bench.sixteenAmps().ventilationAllowed(true));

    bench.pilot(PilotVoltage.VOLT_3).run(3_000);

    assertEquals(List.of("close"), bench.commands());
  }

  @Test
  void sendsAnOfferThatIsNotAcknowledgedAsItIsByThen() {
    Bench bench = idle(Bench.sixteenAmps());
    bench.answers = command -> !(command instanceof Command.SetPwm);
    bench.plugIn(PilotVoltage.VOLT_9).run(700);
    assertEquals(List.of("PWM 26"), bench.commands());

    bench.limit(100).run(1_000);
    assertEquals(156, bench.status().offeredDeciamps());
    bench.run(1_000);

    assertEquals(List.of("PWM 26", "PWM 16"), bench.commands());
    assertEquals(2_000, bench.timeOf("PWM 16") - bench.timeOf("PWM 26"));
  }

  @Test
  void countsASmallerCableAtOnceAndALargerOneOnlyAfterUnplugging() {
    Bench bench = Bench.offered(ControlSettings.builder(320));
    bench.limit(320).run(6_000).forget();

    bench.cable = ProximityPilot.AMP_13;
    bench.read();
    assertEquals(List.of("PWM 21"), bench.commands());
    assertEquals(LimitedBy.CABLE, bench.status().limitedBy());
    assertEquals(130, bench.status().maxDeciamps());
    bench.cable = ProximityPilot.AMP_32;
    bench.run(20_000);
    assertEquals(List.of("PWM 21"), bench.commands());
    bench.pilot(PilotVoltage.VOLT_12).run(10_000);
    bench.forget().pilot(PilotVoltage.VOLT_9).run(2_000);
    assertEquals(List.of("PWM 53"), bench.commands());
  }

  @Test
  void offersNothingWithoutARecognisedCable() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.cable = ProximityPilot.NO_CABLE;
    bench.read();

    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(Why.NO_CABLE_RATING, bench.why());
    assertNull(bench.status().cableDeciamps());
  }

  @Test
  void goesByTheTetheredCable() {
    Bench bench = idle(ControlSettings.builder(320).fixedCableDeciamps(160)).limit(320);
    bench.cable = ProximityPilot.NO_CABLE;

    bench.plugIn(PilotVoltage.VOLT_9).run(1_000);

    assertEquals(List.of("PWM 26"), bench.commands());
  }

  @Test
  void opensAContactorThatSomebodyElseHasClosed() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.closed = true;
    bench.read();

    assertEquals(List.of("open"), bench.commands());
    assertEquals(ControlState.OPENING, bench.state());
  }

  // ---- waking up --------------------------------------------------------------------------------

  @Test
  void wakesASleepingCarTwiceByTakingTheOfferAway() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.run(49_000);
    assertEquals(List.of(), bench.commands());
    bench.runUntil(() -> bench.state() != ControlState.OFFERED);
    assertEquals(ControlState.WAKING, bench.state());
    assertEquals(Why.WAKING_CAR, bench.why());
    assertEquals("B", bench.status().letter());
    bench.run(10_000);
    assertEquals(List.of("PWM 100", "PWM 26"), bench.commands());
    assertNear(4_030, bench.timeOf("PWM 26") - bench.timeOf("PWM 100"));
    bench.run(600_000);

    assertEquals(List.of("PWM 100", "PWM 26", "PWM 100", "PWM 26"), bench.commands());
    assertEquals(Why.CAR_NOT_ASKING, bench.why());
  }

  @Test
  void wakesTheSecondTimeByAPulseAndIgnoresWhatThePilotShowsMeanwhile() {
    Bench bench = Bench.offered(Bench.sixteenAmps().wakeUp(ControlSettings.WakeUp.PULSE));
    bench.run(100_000).forget();

    bench.runUntil(() -> bench.count("PWM 0") > 0);
    bench.run(40).quietly(PilotVoltage.FAULT);
    bench.read();
    assertEquals(ControlState.WAKING, bench.state());
    assertEquals("B", bench.status().letter());
    bench.run(4_100).quietly(PilotVoltage.VOLT_9).run(3_000);

    assertEquals(List.of("PWM 0", "PWM 100", "PWM 26"), bench.commands());
    assertNear(4_030, bench.timeOf("PWM 100") - bench.timeOf("PWM 0"));
    assertNear(1_030, bench.timeOf("PWM 26") - bench.timeOf("PWM 100"));
    assertEquals(ControlState.OFFERED, bench.state());
  }

  @Test
  void readsTheCableAlsoDuringThePulse() {
    Bench bench = Bench.offered(Bench.sixteenAmps().wakeUp(ControlSettings.WakeUp.PULSE));
    bench.runUntil(() -> bench.count("PWM 0") > 0);
    bench.forget().run(100).quietly(PilotVoltage.FAULT);
    bench.cable = ProximityPilot.AMP_13;
    bench.read().quietly(PilotVoltage.VOLT_9).run(6_000);

    assertEquals(List.of("PWM 100", "PWM 21"), bench.commands());
  }

  @Test
  void takesStateAAfterThePulseForUnplugging() {
    Bench bench = Bench.offered(Bench.sixteenAmps().wakeUp(ControlSettings.WakeUp.PULSE));
    bench.runUntil(() -> bench.count("PWM 0") > 0);
    bench.quietly(PilotVoltage.VOLT_12).run(12_000);

    assertEquals(ControlState.IDLE, bench.state());
  }

  @Test
  void leavesACarAloneForAnHourThatHasPausedByItself() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.pilot(PilotVoltage.VOLT_9).run(20_000);
    assertEquals(ControlState.OFFERED, bench.state());
    assertEquals(Why.CAR_PAUSED, bench.why());

    bench.forget().run(3_500_000);
    assertEquals(List.of(), bench.commands());
    bench.run(200_000);
    assertEquals("PWM 100", bench.commands().get(0));
  }

  @Test
  void neverWakesWhereItIsSwitchedOff() {
    Bench bench = Bench.offered(Bench.sixteenAmps().wakeUp(ControlSettings.WakeUp.OFF));

    bench.run(600_000);

    assertEquals(List.of(), bench.commands());
  }

  @Test
  void wakesAgainAfterBeingSwitchedOffAndOn() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.run(300_000).forget();

    bench.enable(false).run(1_000).enable(true).run(100_000);

    assertEquals(4, bench.count("PWM 100") + bench.count("PWM 26"));
  }

  // ---- pilot faults -----------------------------------------------------------------------------

  @Test
  void waitsUntilAFaultHasBeenGoneForAWhile() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.FAULT).run(700);
    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(ControlState.FAULT, bench.state());
    assertEquals(Why.PILOT_FAULT_WAIT, bench.why());
    assertEquals("E", bench.status().letter());
    bench.pilot(PilotVoltage.VOLT_9).run(29_000);
    assertEquals(Why.PILOT_FAULT_WAIT, bench.why());
    bench.run(2_000);
    assertEquals(List.of("PWM 100", "PWM 26"), bench.commands());
  }

  @Test
  void latchesTheFourthFaultSincePluggingIn() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    for (int i = 0; i < 3; i++) {
      bench.pilot(PilotVoltage.FAULT).run(700).read();
      bench.pilot(PilotVoltage.VOLT_9).run(700);
    }
    assertEquals(ControlState.FAULT, bench.state());

    bench.pilot(PilotVoltage.FAULT).run(700);

    assertEquals(ControlState.LOCKED, bench.state());
    assertEquals(Why.PILOT_FAULT, bench.why());
    bench.pilot(PilotVoltage.VOLT_12).run(1_000);
    assertEquals(Why.PILOT_FAULT, bench.why());
    bench.run(3_000);
    assertEquals(Why.NO_VEHICLE, bench.why());
    assertEquals(List.of(), bench.status().errors());
  }

  @Test
  void leavesAFaultWhenTheCarIsUnplugged() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.pilot(PilotVoltage.FAULT).run(700).pilot(PilotVoltage.VOLT_12).run(700);

    assertEquals(ControlState.IDLE, bench.state());
  }

  // ---- starts -----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {2, 12})
  void startsNoMoreOftenThanItMay(int startsPerHour) {
    Bench bench = Bench.offered(Bench.sixteenAmps().startsPerHour(startsPerHour));

    for (int i = 0; i < 600; i++) {
      bench.pilot(PilotVoltage.VOLT_6).run(3_000).pilot(PilotVoltage.VOLT_9).run(3_000);
    }

    assertEquals(startsPerHour, bench.count("close"));
    bench.pilot(PilotVoltage.VOLT_6).run(100);
    bench.run(1_000);
    assertTrue(bench.status().why() == Why.TOO_MANY_STARTS || bench.status().why() == Why.STARTING);
  }

  // ---- firmware ---------------------------------------------------------------------------------

  @Test
  void letsFirmwareInWhenAFreshReadingShowsTheContactorOpen() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.read();

    Step step = bench.event(new Event.FirmwareStarting());

    assertTrue(step.refusal().isEmpty());
    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(Why.FIRMWARE_UPDATE, bench.why());
    bench.run(60_000);
    assertEquals(0, bench.count("collect"));
  }

  @Test
  void refusesFirmwareWhenTheReadingIsOldOrTheContactorClosed() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.answers = command -> false;
    bench.run(2_000);
    assertTrue(bench.event(new Event.FirmwareStarting()).refusal().isPresent());

    Bench charging = Bench.charging(Bench.sixteenAmps());
    charging.read();
    assertTrue(charging.event(new Event.FirmwareStarting()).refusal().isPresent());
    assertEquals(ControlState.CHARGING, charging.state());
  }

  @Test
  void waitsForMinOffWhenTheChargerIsBackFromTakingFirmware() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.read().event(new Event.FirmwareStarting());
    bench.run(10_000).disconnect().run(20_000);
    bench.pwm = DutyCycle.NO_OFFER;

    bench.connect().run(1_000);

    assertEquals(Why.MIN_OFF, bench.why());
    assertTrue(bench.status().startAtNanos().isPresent());
  }

  @Test
  void goesOnByReadingWhenAnUploadHasFailed() {
    Bench bench = Bench.offered(Bench.sixteenAmps());
    bench.read().event(new Event.FirmwareStarting());

    bench.run(1_000).event(new Event.FirmwareEnded());
    assertEquals(ControlState.UNKNOWN, bench.state());
    bench.run(5_000);

    assertEquals(ControlState.OFFERED, bench.state());
  }

  private static void assertNear(long expectedMillis, long millis) {
    assertTrue(Math.abs(expectedMillis - millis) <= 10, "after " + millis + " ms");
  }
}
