package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the pilot lines have told about car and cable since the car was plugged in. */
final class Vehicle {
  /** State A must hold for so long to count as unplugging where that clears an error. */
  static final Duration UNPLUGGED_AFTER = Duration.ofSeconds(2);

  private static final int MAX_FAULTS = 3;

  private final boolean ventilationAllowed;
  private final int fixedCableDeciamps;
  private @Nullable PilotVoltage pilot;
  private @Nullable Integer proximityDeciamps;
  private @Nullable Integer smallestDeciamps;
  private boolean seenConnected;
  private boolean simplified;
  private boolean ventilationRefused;
  private boolean paused;
  private boolean inFault;
  private int faults;
  private final Mark faultGone = new Mark();
  private final Mark absentSince = new Mark();
  private final Mark leftByItself = new Mark();

  Vehicle(ControlSettings settings) {
    ventilationAllowed = settings.ventilationAllowed();
    fixedCableDeciamps = settings.fixedCableDeciamps();
  }

  /** Takes what a reading tells, but for how the car and the contactor stand to each other. */
  void read(PilotVoltage newPilot, ProximityPilot proximity, long nowNanos) {
    boolean faulty = newPilot == PilotVoltage.FAULT;
    if (faulty) {
      // Each fault counts once, however many readings show it.
      faults += inFault ? 0 : 1;
      faultGone.clear();
    } else if (inFault) {
      faultGone.set(nowNanos);
    }
    inFault = faulty;
    pilot = newPilot;
    readCable(proximity);
    switch (newPilot) {
      case VOLT_12 -> {
        absentSince.setIfNone(nowNanos);
        seenConnected = false;
        simplified = false;
        ventilationRefused = false;
        paused = false;
        leftByItself.clear();
      }
      case VOLT_9 -> {
        absentSince.clear();
        seenConnected = true;
        simplified = false;
      }
      case VOLT_6, VOLT_3 -> {
        absentSince.clear();
        paused = false;
        ventilationRefused |= newPilot == PilotVoltage.VOLT_3 && !ventilationAllowed;
      }
      case FAULT -> absentSince.clear();
    }
  }

  /** The car asks with the contactor open: without having been in state B it is offered less. */
  void askedWhileOpen() {
    simplified |= !seenConnected;
  }

  /** A running charge is taken over: the car is not asked for a B that it need not show. */
  void takenOver() {
    seenConnected = true;
  }

  /** The car has stopped drawing without having been told to. */
  void leftByItself(long nowNanos) {
    if (pilot == PilotVoltage.VOLT_9) {
      paused = true;
      leftByItself.set(nowNanos);
    }
  }

  /** A car that was refused may try again: charging was switched off and on. */
  void allowAnotherTry() {
    ventilationRefused = pilot == PilotVoltage.VOLT_3 && !ventilationAllowed;
  }

  /** The session is gone; the car may be another one when it is back. */
  void forget() {
    pilot = null;
    proximityDeciamps = null;
    smallestDeciamps = null;
    seenConnected = false;
    simplified = false;
    paused = false;
    absentSince.clear();
    faultGone.clear();
  }

  /** Unplugged for good: faults are counted anew. */
  boolean unplugged(Moment moment) {
    if (!moment.over(absentSince, UNPLUGGED_AFTER)) {
      return false;
    }
    faults = 0;
    return true;
  }

  void forgetFaults() {
    faults = 0;
  }

  boolean tooManyFaults() {
    return faults > MAX_FAULTS;
  }

  boolean faultGoneFor(Duration duration, Moment moment) {
    return moment.over(faultGone, duration);
  }

  @Nullable PilotVoltage pilot() {
    return pilot;
  }

  /** A car is plugged in; with a faulty pilot nobody knows. */
  boolean present() {
    return pilot == PilotVoltage.VOLT_9 || asksForPower();
  }

  boolean absent() {
    return pilot == PilotVoltage.VOLT_12;
  }

  boolean faulty() {
    return pilot == PilotVoltage.FAULT;
  }

  /** State C or D: the car may draw current as soon as the contactor is closed. */
  boolean asksForPower() {
    return pilot == PilotVoltage.VOLT_6 || pilot == PilotVoltage.VOLT_3;
  }

  boolean connectedOnly() {
    return pilot == PilotVoltage.VOLT_9;
  }

  /** The car asked for ventilation since it was plugged in, and there is none. */
  boolean ventilationRefused() {
    return ventilationRefused;
  }

  boolean simplified() {
    return simplified;
  }

  boolean paused() {
    return paused;
  }

  Mark leftByItself() {
    return leftByItself;
  }

  Mark absentSince() {
    return absentSince;
  }

  /** The rating that limits the offer: 0 without a recognised cable, null without a car. */
  @Nullable Integer limitingDeciamps() {
    if (fixedCableDeciamps != 0) {
      return fixedCableDeciamps;
    }
    if (!present()) {
      return null;
    }
    return proximityDeciamps == null || smallestDeciamps == null ? 0 : smallestDeciamps;
  }

  /** The rating to show; null when no cable is recognised. */
  @Nullable Integer cableDeciamps() {
    if (fixedCableDeciamps != 0) {
      return fixedCableDeciamps;
    }
    return proximityDeciamps == null ? null : smallestDeciamps;
  }

  /** A smaller rating counts at once, a larger one only once the car is unplugged. */
  void readCable(ProximityPilot proximity) {
    proximityDeciamps =
        switch (proximity) {
          case AMP_13 -> 130;
          case AMP_20 -> 200;
          case AMP_32 -> 320;
          case NO_CABLE -> null;
        };
    if (absent()) {
      smallestDeciamps = proximityDeciamps;
    } else if (proximityDeciamps != null) {
      smallestDeciamps =
          smallestDeciamps == null
              ? proximityDeciamps
              : Integer.valueOf(Math.min(smallestDeciamps, proximityDeciamps));
    }
  }
}
