package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The states OFFLINE and UNKNOWN: what is found, and what is taken over. */
class ConnectingTest {
  private static final ControlMemory ENABLED = memory(true, 160);

  private static ControlMemory memory(boolean enabled, int limitDeciamps) {
    return new ControlMemory(enabled, limitDeciamps, Set.of(), null, null, List.of(), 0, 0);
  }

  private static Bench found(ControlMemory memory, boolean closed, PilotVoltage pilot, int pwm) {
    Bench bench = new Bench(Bench.sixteenAmps(), memory);
    bench.closed = closed;
    bench.pilot = pilot;
    bench.pwm = pwm;
    return bench.connect();
  }

  @Test
  void asksForAReadingAsSoonAsAChargerConnects() {
    Bench bench = new Bench(Bench.sixteenAmps());

    Step step = bench.connect().last();

    assertEquals(List.of(new Command.Collect()), step.commands());
    assertEquals(ControlState.UNKNOWN, bench.state());
    assertEquals(Why.NO_READING, bench.why());
  }

  @Test
  void keepsSetPointsAndForgetsTheOfferWhenTheSessionEnds() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.disconnect();

    assertEquals(ControlState.OFFLINE, bench.state());
    assertEquals(Why.OFFLINE, bench.why());
    assertTrue(bench.status().enabled());
    assertNull(bench.status().offeredDeciamps());
    assertFalse(bench.status().charging());
    assertEquals(List.of(), bench.commands());
  }

  @ParameterizedTest
  @EnumSource(
      value = PilotVoltage.class,
      names = {"VOLT_12", "VOLT_9", "FAULT"})
  void opensFirstWhenItFindsAClosedContactorWithoutACarThatDraws(PilotVoltage pilot) {
    Bench bench = found(ENABLED, true, pilot, 26);

    bench.run(600);

    assertEquals(List.of("open"), bench.commands());
    assertEquals(ControlState.OPENING, bench.state());
    bench.run(30);
    assertEquals(List.of("open", "PWM 100"), bench.commands());
  }

  @Test
  void takesAChargingCarOverWithoutTouchingAnything() {
    Bench bench = found(ENABLED, true, PilotVoltage.VOLT_6, 26);

    bench.run(10_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(ControlState.CHARGING, bench.state());
    assertNull(bench.status().why());
  }

  @Test
  void lowersAnOfferThatItTakesOverAtOnce() {
    Bench bench = found(memory(true, 100), true, PilotVoltage.VOLT_6, 26);

    bench.run(600);

    assertEquals(List.of("PWM 16"), bench.commands());
    assertEquals(ControlState.CHARGING, bench.state());
  }

  @Test
  void raisesAnOfferThatItTakesOverOnlyAfterAnInterval() {
    Bench bench = found(ENABLED, true, PilotVoltage.VOLT_6, 16);

    bench.run(5_500);
    assertEquals(List.of(), bench.commands());
    bench.run(200);
    assertEquals(List.of("PWM 26"), bench.commands());
  }

  @Test
  void endsAChargeThatIsNotAllowedGracefully() {
    Bench bench = found(memory(false, 160), true, PilotVoltage.VOLT_6, 26);

    bench.run(600);

    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(ControlState.STOPPING, bench.state());
    assertEquals(Why.STOPPING, bench.why());
    bench.run(6_000);
    assertEquals(List.of("PWM 100"), bench.commands());
    bench.run(100);
    assertEquals(List.of("PWM 100", "open"), bench.commands());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 97, 100})
  void endsAChargeWithoutAnOfferGracefully(int pwm) {
    Bench bench = found(ENABLED, true, PilotVoltage.VOLT_6, pwm);

    bench.run(700);

    assertEquals(ControlState.STOPPING, bench.state());
    assertFalse(bench.commands().contains("open"));
    bench.run(6_200);
    assertEquals("open", bench.commands().get(bench.commands().size() - 1));
  }

  @Test
  void letsAChargeGoOnForAMinuteWhenNothingWasEverSet() {
    Bench bench = found(ControlMemory.NONE, true, PilotVoltage.VOLT_6, 16);

    bench.run(60_000);
    assertEquals(ControlState.CHARGING, bench.state());
    assertEquals(96, bench.status().limitDeciamps());
    assertEquals(List.of(), bench.commands());
    bench.run(1_000);
    assertEquals(List.of("PWM 100"), bench.commands());
    assertFalse(bench.status().enabled());
  }

  @Test
  void letsSetPointsDecideAboutAChargeThatWasFound() {
    Bench bench = found(ControlMemory.NONE, true, PilotVoltage.VOLT_6, 16);

    bench.run(1_000).limit(80).run(1_000).enable(true).run(70_000);

    assertEquals(ControlState.CHARGING, bench.state());
    assertEquals(List.of("PWM 13"), bench.commands());
  }

  @Test
  void withdrawsAnOfferThatItFindsButMayNotMake() {
    Bench bench = found(memory(false, 160), false, PilotVoltage.VOLT_9, 10);

    bench.run(30_000);

    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(ControlState.WAITING, bench.state());
  }

  @Test
  void keepsAnOfferOverAShortLossOfTheConnection() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.disconnect().run(2_000).connect().run(5_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(ControlState.OFFERED, bench.state());
  }

  @Test
  void neverClosesBecauseOfWhatItFinds() {
    Bench bench = found(ENABLED, false, PilotVoltage.VOLT_9, 10);

    bench.run(300_000);

    assertEquals(0, bench.count("close"));
  }

  @Test
  void waitsForMinOffWhenTheChargerHasRestarted() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.disconnect().run(12_000);
    bench.closed = false;
    bench.pwm = DutyCycle.NO_OFFER;
    bench.bootedMillis = bench.millis() - 10_000;

    bench.connect().run(700);
    long found = bench.millis();
    assertEquals(Why.MIN_OFF, bench.why());
    bench.run(30_000);

    assertTrue(bench.timeOf("close") - found >= 15_000 - 100, "closed too early");
  }

  @Test
  void takesASimplifiedCarForWhatItIs() {
    Bench bench = found(ENABLED, false, PilotVoltage.VOLT_6, 100);

    bench.run(30_000);

    assertEquals(List.of("PWM 16", "close"), bench.commands());
    assertEquals(LimitedBy.SIMPLIFIED, bench.status().limitedBy());
  }

  @Test
  void remembersTheOpeningOverARestart() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.pilot(PilotVoltage.VOLT_9).run(700);
    long opened = bench.timeOf("open");
    ControlMemory memory = bench.memory();
    Duration age = memory.openingAge();
    assertTrue(age != null && age.toMillis() <= bench.millis() - opened, "remembered: " + age);

    bench.pilot = PilotVoltage.VOLT_12;
    bench.restart(0, memory).connect().run(1_000);
    bench.pilot(PilotVoltage.VOLT_9).run(1_000);

    assertEquals(Why.MIN_OFF, bench.why());
  }

  @Test
  void countsAnOpeningInTheFutureAsNow() {
    ControlMemory memory =
        new ControlMemory(true, 160, Set.of(), Duration.ofHours(-1), null, List.of(), 0, 0);
    Bench bench = new Bench(Bench.sixteenAmps(), memory);

    bench.connect().run(5_000).plugIn(PilotVoltage.VOLT_9).run(5_000);
    assertEquals(Why.MIN_OFF, bench.why());
    bench.run(6_000);
    assertEquals(Why.CAR_NOT_ASKING, bench.why());
  }

  @Test
  void leavesAChargerAloneThatNeverReports() {
    Bench bench = new Bench(Bench.sixteenAmps());
    bench.answers = command -> false;

    bench.connect().run(20_000);

    assertEquals(List.of("leave NO_READINGS"), bench.commands());
    assertEquals(ControlState.OFFLINE, bench.state());
  }

  /** Each of its connections has started the charger's own 300 s anew. */
  @Test
  void opensInPlaceOfAChargerThatConnectsAgainAndAgainAndSaysNothing() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.answers = command -> !(command instanceof Command.Collect);
    bench.disconnect();
    long lost = bench.millis();
    while (bench.millis() - lost < 295_000) {
      bench.connect().run(5_000).disconnect();
    }
    assertEquals(List.of(), bench.commands());

    bench.connect().run(5_100);
    assertEquals(List.of("open", "PWM 100"), bench.commands());
    assertFalse(bench.closed);
    bench.disconnect().forget().connect().run(100);
    assertEquals(List.of("open", "PWM 100"), bench.commands(), "in case the first was lost");
  }

  @Test
  void takesOverAfterALongAbsenceThoughTheLastConnectionBroughtNoReading() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.disconnect().connect().disconnect().run(600_000);

    bench.connect().run(10_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(ControlState.CHARGING, bench.state());
  }
}
