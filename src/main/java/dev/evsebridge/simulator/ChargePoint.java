package dev.evsebridge.simulator;

import dev.evsebridge.simulator.Event.Kind;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What hangs at the charger's pins: contactor, pilots and measuring circuits, with a car in front
 * of them.
 *
 * <p>There is no interlock, as in the real one: contactor and duty cycle are what they were told to
 * be, whatever the car does.
 */
final class ChargePoint {
  static final int NO_CHARGING_PERCENT = 100;

  private static final int STATE_F_PERCENT = 0;
  private static final int PHASES = 3;
  private static final int MILLI = 1_000;

  private final Calibration calibration;
  private final SplittableRandom noise;
  private final EventLog events;
  private final PowerRecord record = new PowerRecord();

  private @Nullable Visits visits;
  private @Nullable Car car;
  private boolean pilotFault;
  private @Nullable Double forcedAmps;
  private @Nullable ProximityPilot shownCable;
  private double supplyVolts = Car.NOMINAL_VOLTS;

  private ContactorFault contactorFault = ContactorFault.NONE;
  private boolean pinClosed;
  private boolean contactsWelded;
  private int dutyCyclePercent = NO_CHARGING_PERCENT;
  private long nowMillis;
  private PilotVoltage lastLine = PilotVoltage.VOLT_12;

  ChargePoint(Calibration calibration, SplittableRandom noise, EventLog events, long nowMillis) {
    this.calibration = calibration;
    this.noise = noise;
    this.events = events;
    this.nowMillis = nowMillis;
  }

  void setVisits(@Nullable Visits visits) {
    this.visits = visits;
  }

  PowerRecord record() {
    return record;
  }

  /** Lets time pass. */
  void advance(long toMillis) {
    long elapsedMillis = toMillis - nowMillis;
    record.add(elapsedMillis, watts(), pinClosed, pilotLine());
    nowMillis = toMillis;
    if (visits != null) {
      visits.advance(toMillis, this);
    }
    if (car != null) {
      car.advance(toMillis, elapsedMillis, dutyCyclePercent, isPowered());
    }
    PilotVoltage line = pilotLine();
    if (line != lastLine) {
      lastLine = line;
      events.add(toMillis, Kind.PILOT, line.wireCode);
    }
  }

  // What a person at the charge point does

  void plugIn(CarModel model, long atMillis) {
    car = new Car(model, dutyCyclePercent, atMillis);
    pilotFault = false;
    forcedAmps = null;
    shownCable = null;
  }

  void unplug() {
    car = null;
    pilotFault = false;
    forcedAmps = null;
    shownCable = null;
  }

  boolean isPluggedIn() {
    return car != null;
  }

  void wantPower(boolean wanted) {
    if (car != null) {
      car.wantPower(wanted);
    }
  }

  void needVentilation(boolean needed) {
    if (car != null) {
      car.needVentilation(needed);
    }
  }

  void setPilotFault(boolean faulty) {
    pilotFault = faulty;
  }

  /** Lets the car draw so much on all its phases whenever the contacts are closed. */
  void forceAmps(@Nullable Double amps) {
    forcedAmps = amps;
  }

  /** Lets the cable's coding show this until the car is changed. */
  void showCable(ProximityPilot cable) {
    shownCable = cable;
  }

  void setSupplyVolts(double volts) {
    supplyVolts = volts;
  }

  void setContactorFault(ContactorFault fault) {
    contactorFault = fault;
    contactsWelded = fault == ContactorFault.WELDED && pinClosed;
  }

  // What the firmware does

  /** The pin that drives the contactor; nothing tells what the contacts do. */
  boolean isPinClosed() {
    return pinClosed;
  }

  void switchContactor(boolean closed) {
    if (contactorFault == ContactorFault.STUCK_PIN) {
      return;
    }
    drivePin(closed);
  }

  private void drivePin(boolean closed) {
    if (closed == pinClosed) {
      return;
    }
    if (closed) {
      record.closed();
      contactsWelded = contactorFault == ContactorFault.WELDED;
    } else {
      record.opened(amps(0));
    }
    pinClosed = closed;
    events.add(nowMillis, Kind.CONTACTOR, closed ? 1 : 0);
  }

  int dutyCyclePercent() {
    return dutyCyclePercent;
  }

  void setDutyCyclePercent(int percent) {
    dutyCyclePercent = percent;
    if (car != null) {
      car.advance(nowMillis, 0, percent, isPowered());
    }
    events.add(nowMillis, Kind.DUTY_CYCLE, percent);
  }

  boolean isChargingEnabled() {
    return pinClosed || dutyCyclePercent != NO_CHARGING_PERCENT;
  }

  /** No pin is driven any more. */
  void reset() {
    drivePin(false);
    setDutyCyclePercent(NO_CHARGING_PERCENT);
  }

  /** The control pilot as its peak shows: without a positive half-wave it looks like a fault. */
  PilotVoltage pilotLine() {
    if (pilotFault || dutyCyclePercent == STATE_F_PERCENT) {
      return PilotVoltage.FAULT;
    }
    return car == null ? PilotVoltage.VOLT_12 : car.pilotVoltage(nowMillis);
  }

  ProximityPilot proximityLine() {
    if (shownCable != null) {
      return shownCable;
    }
    return car == null ? ProximityPilot.NO_CABLE : car.model().cable();
  }

  /** A fresh measurement of one phase, from 0: the peak that the ADC sees. */
  int measureVoltagePeak(int phase) {
    double volts = supplyVolts == 0 ? 0 : supplyVolts + noise.nextDouble(-1.5, 1.5);
    return calibration.voltagePeak(phase, Math.round(volts * MILLI));
  }

  /**
   * A fresh measurement of one phase, from 0: the peak that the ADC sees, up to 2 steps above it.
   */
  int measureCurrentPeak(int phase) {
    return Math.min(
        4095, calibration.currentPeak(phase, Math.round(amps(phase) * MILLI)) + noise.nextInt(3));
  }

  /** What flows through one phase, from 0. */
  double amps(int phase) {
    if (!isPowered() || car == null || phase >= car.phases()) {
      return 0;
    }
    return forcedAmps == null ? car.amps() : forcedAmps;
  }

  private double watts() {
    double sum = 0;
    for (int phase = 0; phase < PHASES; phase++) {
      sum += amps(phase) * supplyVolts;
    }
    return sum;
  }

  private boolean isPowered() {
    return (pinClosed || contactsWelded) && supplyVolts > 0;
  }
}
