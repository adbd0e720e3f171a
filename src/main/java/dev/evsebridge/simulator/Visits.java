package dev.evsebridge.simulator;

import java.time.Duration;
import java.util.SplittableRandom;

/**
 * The cars that come to one charger: one plugs in, asks for power after a while, leaves, and
 * another one comes. Every wait varies by a quarter; the first one by more, so that the cars of a
 * fleet don't all come at the same instant.
 */
final class Visits {
  private static final long FAULT_INTERVAL_MILLIS = 60_000;
  private static final long FAULT_DURATION_MILLIS = 5_000;

  private final Scenario scenario;
  private final int number;
  private final SimulatorTiming timing;
  private final SplittableRandom random;

  private boolean carIsThere;
  private long moveAtMillis;
  private long askAtMillis;

  /** Starts with an empty place; the first car is under way. */
  Visits(
      Scenario scenario,
      int number,
      SimulatorTiming timing,
      SplittableRandom random,
      long nowMillis) {
    this.scenario = scenario;
    this.number = number;
    this.timing = timing;
    this.random = random;
    this.moveAtMillis =
        nowMillis + Math.round(timing.carAbsence().toMillis() * (0.25 + random.nextDouble()));
  }

  /** Lets time pass. */
  void advance(long nowMillis, ChargePoint chargePoint) {
    if (nowMillis >= moveAtMillis) {
      if (carIsThere) {
        chargePoint.unplug();
        moveAtMillis = nowMillis + vary(timing.carAbsence());
      } else {
        chargePoint.plugIn(scenario.nextCar(number, random), nowMillis);
        askAtMillis = nowMillis + vary(timing.carPreparation());
        moveAtMillis = nowMillis + vary(timing.carStay());
      }
      carIsThere = !carIsThere;
    } else if (carIsThere && nowMillis >= askAtMillis) {
      chargePoint.wantPower(true);
      if (scenario.hasFaultyPilot()) {
        chargePoint.setPilotFault(isFaultyAt(nowMillis));
      }
    }
  }

  private boolean isFaultyAt(long nowMillis) {
    long asksForMillis = nowMillis - askAtMillis;
    return asksForMillis % FAULT_INTERVAL_MILLIS > FAULT_INTERVAL_MILLIS - FAULT_DURATION_MILLIS;
  }

  private long vary(Duration mean) {
    return Math.round(mean.toMillis() * (0.75 + random.nextDouble() / 2));
  }
}
