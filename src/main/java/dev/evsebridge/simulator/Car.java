package dev.evsebridge.simulator;

/**
 * One car that is plugged in: it asks for power when it is told to and current is offered, and
 * follows the duty cycle as its model says.
 */
final class Car {
  static final int NOMINAL_VOLTS = 230;

  private static final long WAKE_UP_MILLIS = 3_000;
  private static final double FALL_FACTOR = 5;
  private static final int STATE_F_PERCENT = 0;

  private final CarModel model;

  private boolean wantsPower;
  private boolean ventilation;
  private boolean asking;
  private long askingSince;
  private double amps;
  private double kilowattHours;

  private int dutyCyclePercent;
  private long dutyCycleSince;
  private int followedPercent;

  private boolean asleep;
  private boolean hasSeenOffer;
  private boolean wakeUpSeen;

  Car(CarModel model, int dutyCyclePercent, long nowMillis) {
    this.model = model;
    this.ventilation = model.ventilation();
    this.asleep = model.sleep() != CarModel.Sleep.AWAKE;
    this.dutyCyclePercent = dutyCyclePercent;
    this.followedPercent = dutyCyclePercent;
    this.dutyCycleSince = nowMillis;
  }

  CarModel model() {
    return model;
  }

  /** Whether the car wants to charge; it asks for power once it is offered enough. */
  void wantPower(boolean wanted) {
    wantsPower = wanted;
    if (!wanted) {
      asking = false;
      amps = 0;
    }
  }

  void needVentilation(boolean needed) {
    ventilation = needed;
  }

  boolean isFull() {
    return kilowattHours >= model.kilowattHours();
  }

  /** What its resistors make of the pilot: B, C or D. */
  PilotVoltage pilotVoltage(long nowMillis) {
    if (!asking || isFlickeredOff(nowMillis)) {
      return PilotVoltage.VOLT_9;
    }
    return ventilation ? PilotVoltage.VOLT_3 : PilotVoltage.VOLT_6;
  }

  /** What it draws on each of its phases. */
  double amps() {
    return amps;
  }

  int phases() {
    return model.phases();
  }

  /** Lets time pass. */
  void advance(long nowMillis, long elapsedMillis, int percent, boolean powered) {
    double hours = elapsedMillis / 3_600_000.0;
    kilowattHours += amps * model.phases() * NOMINAL_VOLTS * hours / 1_000;
    follow(nowMillis, percent);
    wakeUpWhenTold(nowMillis);
    decideWhetherToAsk(nowMillis);
    boolean draws = powered && asking && !isFlickeredOff(nowMillis);
    approach(draws ? targetAmps() : 0, elapsedMillis, draws);
  }

  private void follow(long nowMillis, int percent) {
    if (percent != dutyCyclePercent) {
      wakeUpSeen |= isWakeUp(nowMillis);
      dutyCyclePercent = percent;
      dutyCycleSince = nowMillis;
    }
    if (nowMillis - dutyCycleSince >= model.reaction().toMillis()) {
      followedPercent = dutyCyclePercent;
    }
  }

  private boolean isWakeUp(long nowMillis) {
    boolean tells =
        switch (model.sleep()) {
          case AWAKE -> false;
          case UNTIL_PAUSE -> hasSeenOffer && offeredAmps(dutyCyclePercent) == 0;
          case UNTIL_STATE_F -> dutyCyclePercent == STATE_F_PERCENT;
        };
    return tells && nowMillis - dutyCycleSince >= WAKE_UP_MILLIS;
  }

  private void wakeUpWhenTold(long nowMillis) {
    boolean offered = offeredAmps(dutyCyclePercent) > 0;
    if (asleep && offered && wakeUpSeen) {
      asleep = false;
    }
    hasSeenOffer |= offered && nowMillis > dutyCycleSince;
  }

  private void decideWhetherToAsk(long nowMillis) {
    if (!wantsPower || asleep || isFull()) {
      asking = false;
    } else if (!asking) {
      asking = offeredAmps(followedPercent) >= model.minAmps();
      askingSince = nowMillis;
    } else if (!model.ignoresPwm() && offeredAmps(dutyCyclePercent) < model.minAmps()) {
      asking = nowMillis - dutyCycleSince < model.stopDelay().toMillis();
    }
  }

  private boolean isFlickeredOff(long nowMillis) {
    long interval = model.flicker().toMillis();
    return interval > 0 && (nowMillis - askingSince) / interval % 2 == 1;
  }

  private double targetAmps() {
    if (model.ignoresPwm()) {
      return model.maxAmps() + model.excessAmps();
    }
    double offered = offeredAmps(followedPercent);
    double allowed = Math.min(offered, Math.min(model.maxAmps(), model.cable().ratedAmps));
    return offered < model.minAmps() ? 0 : allowed + model.excessAmps();
  }

  private void approach(double target, long elapsedMillis, boolean draws) {
    double step = model.ampsPerSecond() * elapsedMillis / 1_000;
    if (!draws) {
      amps = 0;
    } else if (amps < target) {
      amps = Math.min(target, amps + step);
    } else {
      amps = Math.max(target, amps - FALL_FACTOR * step);
    }
  }

  /** IEC 61851-1: the current a duty cycle offers; none outside 10 to 96 percent. */
  static double offeredAmps(int dutyCyclePercent) {
    if (dutyCyclePercent < 10 || dutyCyclePercent > 96) {
      return 0;
    }
    return dutyCyclePercent <= 85 ? dutyCyclePercent * 0.6 : (dutyCyclePercent - 64) * 2.5;
  }
}
