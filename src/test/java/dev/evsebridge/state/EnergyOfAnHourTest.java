package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.control.Calibration;
import dev.evsebridge.control.PhaseCalibration;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.simulator.VirtualCharger;
import dev.evsebridge.simulator.VirtualCharger.Sent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The energy that is counted from readings, beside the energy that the simulator knows. */
class EnergyOfAnHourTest {
  private static final PilotVoltage[] PILOT_VOLTAGES = PilotVoltage.values();
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private static final int PAUSE = 0;

  /** In percent, 6 A to 32 A, each change by another amount; and a pause with an open contactor. */
  private static final int[] DUTY_CYCLES = {26, 10, 40, 20, 53, 30, PAUSE, 53, 18, 26, 45, 10};

  private static final Duration STEP = HOUR.dividedBy(DUTY_CYCLES.length);

  private final VirtualCharger virtual =
      new VirtualCharger(SimulatorTiming.DEFAULT, Scenario.EMPTY);
  private final SimulatedCharger charger = virtual.charger();
  private final Sensors sensors = calibration();
  private final EnergyMeter meter = new EnergyMeter(Metered.NOTHING);
  private final long begin = virtual.nowMillis();

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 10})
  void isThatOfTheSimulatorWithinOnePercentOverAnHourWithSteps(int secondsBetweenReadings) {
    charger.plugIn(CarModel.ORDINARY.withAmps(6, 32));
    charger.ask();
    for (int percent : DUTY_CYCLES) {
      if (percent == PAUSE) {
        virtual.ask(VirtualCharger.SET_CONTACTOR_STATE, (byte) 0);
      } else {
        virtual.ask(VirtualCharger.SET_PWM_PERCENT, (byte) percent);
        virtual.ask(VirtualCharger.SET_CONTACTOR_STATE, (byte) 1);
      }
      long end = virtual.nowMillis() + STEP.toMillis();
      while (virtual.nowMillis() < end) {
        read();
        virtual.run(Duration.ofSeconds(secondsBetweenReadings).minusMillis(600));
      }
    }
    read();

    double truth = 1_000 * charger.energyKilowattHours();
    double counted = Objects.requireNonNull(meter.metered().wattHours());
    assertTrue(truth > 8_000, () -> truth + " Wh");
    assertEquals(truth, counted, truth / 100);
    ChargingSession session = Objects.requireNonNull(meter.metered().running());
    assertEquals(0, session.gapMillis());
  }

  private void read() {
    Sent reading = virtual.ask(VirtualCharger.COLLECT_DATA);
    Measurements raw = measurements(reading);
    long passedMillis = reading.atMillis() - begin;
    EnergyMeter.Change unused =
        meter.read(
            new EnergyMeter.Sample(
                Duration.ofMillis(passedMillis).toNanos(),
                NOON.plusMillis(passedMillis),
                raw.uptimeMilliseconds(),
                reading.payload().get(0) == 1,
                raw.pilotVoltage(),
                sensors.watts(raw)));
  }

  private static Measurements measurements(Sent reading) {
    return new Measurements(
        PILOT_VOLTAGES[reading.pilot()],
        ProximityPilot.NO_CABLE,
        reading.intAt(4),
        reading.intAt(8),
        reading.intAt(12),
        reading.intAt(16),
        reading.intAt(20),
        reading.intAt(24),
        -60,
        reading.intAt(32),
        0,
        0,
        "");
  }

  /** As a user sets it: each line ends with "= offset,slope,divider". */
  private Sensors calibration() {
    List<Calibration> lines =
        charger.calibrationSettings().stream()
            .map(line -> line.substring(line.indexOf('=') + 1).strip().split(",", -1))
            .map(
                parts ->
                    new Calibration(
                        Double.parseDouble(parts[0]),
                        Double.parseDouble(parts[1]),
                        Double.parseDouble(parts[2])))
            .toList();
    return new Sensors(
        new PhaseCalibration(lines.get(0), lines.get(1), lines.get(2)),
        new PhaseCalibration(lines.get(3), lines.get(4), lines.get(5)));
  }
}
