package dev.evsebridge.control;

import static dev.evsebridge.control.ControlState.CHARGING;
import static dev.evsebridge.control.ControlState.CLOSING;
import static dev.evsebridge.control.ControlState.CONFIRM;
import static dev.evsebridge.control.ControlState.FAULT;
import static dev.evsebridge.control.ControlState.IDLE;
import static dev.evsebridge.control.ControlState.LOCKED;
import static dev.evsebridge.control.ControlState.OFFERED;
import static dev.evsebridge.control.ControlState.WAITING;
import static dev.evsebridge.control.ControlState.WAKING;

import java.time.Duration;

/** What follows in the states with an open contactor: from plugging in to the order to close. */
final class OpenContactorRules extends Situated {
  /** A car that was offered current needs so long without offer to notice a new one. */
  private static final Duration NO_OFFER_HELD = Duration.ofSeconds(3);

  private static final Duration OPEN_AGAIN = Duration.ofSeconds(5);

  private final Mark confirmedAt = new Mark();
  private int confirmations;

  OpenContactorRules(Situation situation) {
    super(situation);
  }

  /**
   * What holds in all states with an open contactor.
   *
   * @return whether one of its rules has led on
   */
  boolean applyToOpen() {
    if (situation.isClosed() && !latches.contains(LatchedError.CONTACTOR_DISOBEYS)) {
      situation.deviated();
      situation.open();
      return true;
    }
    if (situation.state == LOCKED) {
      return false;
    }
    if (!latches.isEmpty()) {
      situation.go(LOCKED);
    } else if (vehicle.absent() && situation.state != IDLE) {
      situation.go(IDLE);
    } else if (vehicle.faulty() && situation.state != FAULT) {
      situation.go(FAULT);
    } else {
      return false;
    }
    return true;
  }

  void applyToUnknown() {
    if (situation.reading == null) {
      if (unreadConnections.tooLong(situation.now)) {
        situation.open();
      }
      return;
    }
    if (!situation.reading.contactorClosed()) {
      boolean goesOn =
          vehicle.connectedOnly()
              && pilotSignal.offersNow()
              && obstacles.starting(situation.now) == null;
      situation.go(goesOn ? OFFERED : WAITING);
      if (goesOn) {
        holdBackRaise();
      }
      return;
    }
    if (!vehicle.asksForPower()) {
      situation.open();
      return;
    }
    if (pilotSignal.offersNow() && setPoints.unset()) {
      setPoints.adopt(
          DutyCycle.deciampsOffered(situation.reading.pwmPercent()), situation.now.nowNanos());
      setPoints.advance(situation.now);
      situation.allowance = obstacles.allowance();
    }
    Why obstacle = obstacles.charging();
    if (obstacle == null && pilotSignal.offersNow()) {
      vehicle.takenOver();
      situation.go(CHARGING);
      holdBackRaise();
    } else {
      situation.stop(obstacle);
    }
  }

  /** What was found in force and is not too much is left alone for an interval. */
  private void holdBackRaise() {
    Integer offered = pilotSignal.offeredDeciamps();
    if (offered != null && offered <= situation.allowance.deciamps()) {
      pilotSignal.takeSlot(situation.now.nowNanos());
    }
  }

  void applyToWaiting() {
    boolean rested =
        pilotSignal.is(DutyCycle.NO_OFFER)
            && (situation.freshlyPlugged || situation.now.over(pilotSignal.since(), NO_OFFER_HELD));
    if (rested
        && vehicle.present()
        && obstacles.starting(situation.now) == null
        && pilotSignal.slotFree(situation.now)) {
      situation.go(OFFERED);
    }
  }

  void applyToOffered() {
    Why obstacle = obstacles.starting(situation.now);
    if (obstacle != null) {
      withdrawOffer(obstacle);
      return;
    }
    if (vehicle.asksForPower() && pilotSignal.offering(situation.now, Situation.OFFER_SETTLED)) {
      if (situation.reading != null) {
        // Each reading counts once.
        situation.reading = null;
        confirmations = 1;
        situation.go(CONFIRM);
      }
      collects.ask();
    } else if (vehicle.connectedOnly()
        && contactor.knownOpen()
        && pilotSignal.offersNow()
        && wakeUp.due(vehicle.leftByItself(), situation.now)) {
      wakeUp.begin();
      situation.go(WAKING);
    }
  }

  private void withdrawOffer(Why obstacle) {
    Integer offered = pilotSignal.offeredDeciamps();
    boolean tooMuch = offered != null && offered > situation.allowance.protectiveDeciamps();
    if (!Obstacles.comesFromSetPoints(obstacle) || tooMuch) {
      situation.go(WAITING);
    } else if (pilotSignal.slotFree(situation.now)) {
      pilotSignal.takeSlot(situation.now.nowNanos());
      situation.go(WAITING);
    }
  }

  void applyToConfirm() {
    if (situation.notified
        || !vehicle.asksForPower()
        || obstacles.starting(situation.now) != null
        || !pilotSignal.offering(situation.now, Situation.OFFER_SETTLED)) {
      // Whatever has changed: the car must be seen asking twice anew.
      situation.reading = null;
      situation.go(OFFERED);
      return;
    }
    if (situation.reading != null) {
      situation.reading = null;
      confirmations++;
      if (confirmations >= 2) {
        confirmedAt.set(situation.now.nowNanos());
      }
    }
    if (confirmations >= 2
        && situation.isLastWordHeard()
        && situation.now.over(confirmedAt, Situation.LAST_CHANCE)) {
      guard.started(situation.now.nowNanos());
      situation.closeTries = 0;
      situation.sendClose();
      situation.go(CLOSING);
    }
  }

  void applyToWaking() {
    if (obstacles.starting(situation.now) != null) {
      situation.go(WAITING);
    } else if (wakeUp.ended(pilotSignal, situation.now)) {
      situation.go(OFFERED);
    }
  }

  void applyToLocked() {
    if (latches.isEmpty()) {
      situation.go(WAITING);
    } else if (!contactor.knownOpen() && !situation.now.within(contactor.sentAt(), OPEN_AGAIN)) {
      situation.sendOpen();
    }
  }
}
