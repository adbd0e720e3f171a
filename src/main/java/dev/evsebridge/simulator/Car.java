package dev.evsebridge.simulator;

import java.time.Duration;
import java.util.Random;

/**
 * The cars at one charger: one plugs in, asks for power while current is offered, leaves, and
 * another one comes. Every visit brings its own cable, and every wait varies by a quarter.
 */
final class Car {
  private final SimulatorTiming timing;
  private final Random random;

  private PilotVoltage pilotVoltage = PilotVoltage.VOLT_12;
  private ProximityPilot proximityPilot = ProximityPilot.NO_CABLE;
  private long readyAtMillis;
  private long moveAtMillis;

  /** Starts with an empty place; the first car is under way. */
  Car(SimulatorTiming timing, Random random, long nowMillis) {
    this.timing = timing;
    this.random = random;
    this.moveAtMillis = nowMillis + vary(timing.carAbsence());
  }

  PilotVoltage pilotVoltage() {
    return pilotVoltage;
  }

  ProximityPilot proximityPilot() {
    return proximityPilot;
  }

  /** Lets time pass. True when a pilot changed. */
  boolean advance(long nowMillis, int dutyCyclePercent) {
    PilotVoltage before = pilotVoltage;
    if (nowMillis >= moveAtMillis) {
      if (isPluggedIn()) {
        leave(nowMillis);
      } else {
        plugIn(nowMillis);
      }
    } else if (isPluggedIn()) {
      boolean asksForPower = nowMillis >= readyAtMillis && offeredMilliamps(dutyCyclePercent) > 0;
      pilotVoltage = asksForPower ? PilotVoltage.VOLT_6 : PilotVoltage.VOLT_9;
    }
    return pilotVoltage != before;
  }

  /**
   * What the car draws on each phase once it has power: what is offered, as far as its cable goes.
   */
  int drawnMilliamps(int dutyCyclePercent) {
    return pilotVoltage == PilotVoltage.VOLT_6
        ? Math.min(offeredMilliamps(dutyCyclePercent), proximityPilot.ratedAmps * 1000)
        : 0;
  }

  /** IEC 61851-1: the current a duty cycle offers; none outside 10 to 96 percent. */
  private static int offeredMilliamps(int dutyCyclePercent) {
    if (dutyCyclePercent < 10 || dutyCyclePercent > 96) {
      return 0;
    }
    return dutyCyclePercent <= 85 ? dutyCyclePercent * 600 : (dutyCyclePercent - 64) * 2500;
  }

  private boolean isPluggedIn() {
    return proximityPilot != ProximityPilot.NO_CABLE;
  }

  private void plugIn(long nowMillis) {
    pilotVoltage = PilotVoltage.VOLT_9;
    proximityPilot = random.nextBoolean() ? ProximityPilot.AMP_32 : ProximityPilot.AMP_20;
    readyAtMillis = nowMillis + vary(timing.carPreparation());
    moveAtMillis = nowMillis + vary(timing.carStay());
  }

  private void leave(long nowMillis) {
    pilotVoltage = PilotVoltage.VOLT_12;
    proximityPilot = ProximityPilot.NO_CABLE;
    moveAtMillis = nowMillis + vary(timing.carAbsence());
  }

  private long vary(Duration mean) {
    return Math.round(mean.toMillis() * (0.75 + random.nextDouble() / 2));
  }
}
