package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A car that asks for less than the 0.5 s that the charger waits before it tells: at each phase of
 * polls and loops, and however late the bridge looks at what has arrived.
 */
class FlickerTest {
  private static final int POLL_MILLIS = 5_000;

  @ParameterizedTest
  @ValueSource(ints = {0, 300, 1_000, 3_000})
  void neverCloses(int loadMillis) {
    for (int flickerMillis = 20; flickerMillis <= 480; flickerMillis += 46) {
      for (int phaseMillis = 0; phaseMillis < POLL_MILLIS; phaseMillis += 47) {
        Charger charger = new Charger(31L * phaseMillis + flickerMillis, loadMillis);
        charger.simulation.runFor(phaseMillis);
        charger.car.flicker(PilotVoltage.VOLT_6, flickerMillis);
        charger.simulation.runFor(20_000);
        assertEquals(
            0,
            charger.watch.closings(),
            "closes for %d ms of C, begun at %d".formatted(flickerMillis, phaseMillis));
      }
    }
  }

  /** Else it would never close for nothing. */
  @ParameterizedTest
  @ValueSource(ints = {0, 300, 1_000, 3_000})
  void isToldFromACarThatGoesOnAsking(int loadMillis) {
    for (int phaseMillis = 0; phaseMillis < POLL_MILLIS; phaseMillis += 500) {
      Charger charger = new Charger(phaseMillis, loadMillis);
      charger.simulation.runFor(phaseMillis);
      charger.car.ask();
      charger.simulation.runFor(60_000);
      // It may be open again: an acknowledgement that is too late counts as lost.
      assertTrue(charger.watch.closings() > 0);
    }
  }

  private static final class Charger {
    final Simulation simulation = new Simulation();
    final CarModel car;
    final Watch watch;
    final BridgeModel bridge;
    final FirmwareModel firmware;

    /** With a car that is offered current and asks for nothing. */
    Charger(long seed, int loadMillis) {
      Random random = new Random(seed * 0x9E3779B97F4A7C15L);
      ControlSettings settings =
          ControlSettings.builder(160).wakeUp(ControlSettings.WakeUp.OFF).build();
      car = new CarModel(simulation, random);
      watch = new Watch(simulation, settings);
      bridge = new BridgeModel(simulation, random, settings, watch);
      firmware = new FirmwareModel(simulation, car, bridge);
      bridge.attach(firmware);
      bridge.dial();
      bridge.deliver(new Event.SetPoint(true, 160));
      simulation.runFor(20_000);
      car.plugIn(ProximityPilot.AMP_32, false, true, false);
      simulation.runFor(20_000);
      assertTrue(firmware.pwm() < DutyCycle.NO_OFFER);
      bridge.load(loadMillis);
    }
  }
}
