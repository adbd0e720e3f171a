package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.state.EnergyMeter.Change;
import dev.evsebridge.state.EnergyMeter.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EnergyMeterTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final double KILOWATTS_10 = 10_000;

  /** So that differences of the clock are seen to bear its overflow. */
  private static final long BEGIN = Long.MAX_VALUE - Duration.ofSeconds(3).toNanos();

  private EnergyMeter meter = new EnergyMeter(Metered.NOTHING);
  private long millis;
  private long upSinceMillis = -60_000;

  @Test
  void countsFromZeroWithTheFirstCalibratedReading() {
    assertNull(meter.metered().wattHours());

    assertEquals(Change.TURN, read(PilotVoltage.VOLT_12, false, 0.0));

    assertEquals(0.0, meter.metered().wattHours());
  }

  @Test
  void countsNothingWithoutCalibration() {
    charge(null);
    pass(10_000);
    charge(null);

    assertNull(meter.metered().wattHours());
    assertEquals(10_000, running().chargingMillis());
  }

  @Test
  void takesThePowerBetweenTwoReadingsAsAStraightLine() {
    charge(KILOWATTS_10);
    pass(9_000);
    charge(KILOWATTS_10 / 2);

    assertEquals(7_500 * 9 / 3_600.0, wattHours(), 1e-9);
  }

  @Test
  void addsNothingUnlessTheContactorIsClosedAtBoth() {
    read(PilotVoltage.VOLT_6, false, KILOWATTS_10);
    pass(5_000);
    charge(KILOWATTS_10);
    pass(5_000);
    assertEquals(Change.TURN, read(PilotVoltage.VOLT_6, false, KILOWATTS_10));

    assertEquals(0, wattHours());
    assertEquals(0, running().gapMillis());
    assertEquals(0, running().chargingMillis());
  }

  @Test
  void countsAGapOfFifteenSecondsAndAddsNothingInALongerOne() {
    charge(KILOWATTS_10);
    pass(15_000);
    charge(KILOWATTS_10);
    double before = wattHours();
    assertEquals(KILOWATTS_10 * 15 / 3_600, before, 1e-9);
    assertEquals(0, running().gapMillis());

    pass(15_001);
    charge(KILOWATTS_10);

    assertEquals(before, wattHours());
    assertEquals(15_001, running().gapMillis());
    assertEquals(15_000, running().chargingMillis());
  }

  @Test
  void addsNothingOverARestartOfTheCharger() {
    charge(KILOWATTS_10);
    pass(10_000);
    upSinceMillis = millis - 3_000;
    charge(KILOWATTS_10);

    assertEquals(0, wattHours());
    assertEquals(10_000, running().gapMillis());
  }

  @Test
  void doesNotTakeAnUptimeThatBeginsAnewForARestart() {
    upSinceMillis = 5_000 - (1L << 32);
    charge(KILOWATTS_10);
    pass(10_000);
    charge(KILOWATTS_10);

    assertEquals(KILOWATTS_10 * 10 / 3_600, wattHours(), 1e-9);
  }

  @Test
  void countsASessionFromPluggingInToUnplugging() {
    read(PilotVoltage.VOLT_12, false, 0.0);
    pass(5_000);
    assertEquals(Change.TURN, read(PilotVoltage.VOLT_9, false, 0.0));
    final Instant start = now();
    pass(5_000);
    assertEquals(Change.COUNTED, charge(KILOWATTS_10));
    for (int i = 0; i < 72; i++) {
      pass(5_000);
      charge(KILOWATTS_10);
    }
    assertEquals(Change.TURN, read(PilotVoltage.VOLT_9, false, 0.0));
    pass(5_000);
    assertEquals(Change.NOTHING, read(PilotVoltage.FAULT, false, 0.0));
    assertNotNull(meter.metered().running(), "a fault is no unplugging");
    pass(5_000);
    assertEquals(Change.TURN, read(PilotVoltage.VOLT_12, false, 0.0));

    assertNull(meter.metered().running());
    assertEquals(
        new SessionReport(start.toString(), now().toString(), 1.0, 360, 0.0, 1.0, 0L, "unplugged"),
        SessionReport.of(Objects.requireNonNull(meter.metered().finished())));
  }

  @Test
  void beginsTheNextSessionAtTheTotalOfTheLast() {
    charge(KILOWATTS_10);
    pass(10_000);
    charge(KILOWATTS_10);
    read(PilotVoltage.VOLT_12, false, 0.0);
    ChargingSession first = meter.metered().finished();
    pass(1_000);
    read(PilotVoltage.VOLT_9, false, 0.0);

    assertEquals(first, meter.metered().finished());
    assertEquals(wattHours(), running().startWattHours());
    assertEquals(0, running().chargingMillis());
  }

  @Test
  void goesOnWithASessionAfterARestartOfTheBridgeAndCountsWhatItMissed() {
    charge(KILOWATTS_10);
    pass(10_000);
    charge(KILOWATTS_10);
    double before = wattHours();
    Instant start = running().start();

    meter = new EnergyMeter(meter.metered());
    pass(4_000);
    charge(KILOWATTS_10);

    assertEquals(before, wattHours());
    assertEquals(start, running().start());
    assertEquals(4_000, running().gapMillis());
  }

  @Test
  void neverCountsAgainFromZeroWhatWasLost() {
    meter = new EnergyMeter(Metered.LOST);
    charge(KILOWATTS_10);
    pass(10_000);
    charge(KILOWATTS_10);

    assertNull(meter.metered().wattHours());
    assertEquals(10_000, running().chargingMillis());
  }

  /** An hour with a step about every two minutes, read every 5 s as the controller does. */
  @Property(tries = 50)
  void isWithinOnePercentOfTheTrueEnergyOfAnHourWithSteps(@ForAll long seed) {
    EnergyMeterTest hour = new EnergyMeterTest();
    double error = hour.errorOverAnHour(new Random(seed));
    assertTrue(Math.abs(error) <= 0.01, () -> "error " + error);
  }

  private double errorOverAnHour(Random random) {
    double watts = 0;
    double trueWattHours = 0;
    long nextRead = 0;
    for (int second = 0; second <= 3_600; second++) {
      if (second % 120 == 60) {
        watts = 4_000 + random.nextInt(18_000);
      }
      if (second >= nextRead) {
        read(PilotVoltage.VOLT_6, true, watts);
        nextRead = second + 4L + random.nextInt(3);
      }
      trueWattHours += watts / 3_600;
      pass(1_000);
    }
    return wattHours() / trueWattHours - 1;
  }

  private ChargingSession running() {
    ChargingSession running = meter.metered().running();
    assertNotNull(running);
    return running;
  }

  private double wattHours() {
    Double wattHours = meter.metered().wattHours();
    assertNotNull(wattHours);
    return wattHours;
  }

  private Change charge(@Nullable Double watts) {
    return read(PilotVoltage.VOLT_6, true, watts);
  }

  private Change read(PilotVoltage pilot, boolean closed, @Nullable Double watts) {
    return meter.read(
        new Sample(
            BEGIN + millis * 1_000_000,
            now(),
            (millis - upSinceMillis) & 0xFFFF_FFFFL,
            closed,
            pilot,
            watts));
  }

  private Instant now() {
    return NOON.plusMillis(millis);
  }

  private void pass(long passing) {
    millis += passing;
  }
}
