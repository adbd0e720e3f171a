package dev.evsebridge.simulator;

import java.util.Random;

/**
 * What hangs at the charger's pins: contactor, duty cycle and meters, with the cars in front of it.
 *
 * <p>There is no interlock, as in the real one: contactor and duty cycle are what they were told to
 * be, whatever the car does.
 */
final class ChargePoint {
  private static final int NO_CHARGING_PERCENT = 100;

  private final Random random;
  private final Car car;

  private volatile boolean contactorClosed;
  private volatile int dutyCyclePercent = NO_CHARGING_PERCENT;

  ChargePoint(SimulatorTiming timing, Random random, long nowMillis) {
    this.random = random;
    this.car = new Car(timing, random, nowMillis);
  }

  /** Looks at the pilots. True when one of them changed. */
  boolean sample(long nowMillis) {
    return car.advance(nowMillis, dutyCyclePercent);
  }

  boolean isContactorClosed() {
    return contactorClosed;
  }

  void setContactorClosed(boolean closed) {
    contactorClosed = closed;
  }

  int dutyCyclePercent() {
    return dutyCyclePercent;
  }

  void setDutyCyclePercent(int percent) {
    dutyCyclePercent = percent;
  }

  boolean isChargingEnabled() {
    return contactorClosed || dutyCyclePercent != NO_CHARGING_PERCENT;
  }

  void disableCharging() {
    contactorClosed = false;
    dutyCyclePercent = NO_CHARGING_PERCENT;
  }

  PilotVoltage pilotVoltage() {
    return car.pilotVoltage();
  }

  ProximityPilot proximityPilot() {
    return car.proximityPilot();
  }

  /** A fresh measurement of one phase: about 230 V. */
  int measurePhaseMillivolts() {
    return 228_500 + random.nextInt(3_000);
  }

  /** A fresh measurement of one phase: up to 3 % below what the car may draw. */
  int measurePhaseMilliamps() {
    int drawnMilliamps = contactorClosed ? car.drawnMilliamps(dutyCyclePercent) : 0;
    return Math.round(drawnMilliamps * (1 - random.nextFloat() * 0.03f));
  }

  int measureWifiRssiDbm() {
    return -70 + random.nextInt(10);
  }
}
