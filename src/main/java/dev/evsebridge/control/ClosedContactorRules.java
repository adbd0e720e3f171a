package dev.evsebridge.control;

import static dev.evsebridge.control.ControlState.CHARGING;
import static dev.evsebridge.control.ControlState.CLOSING;
import static dev.evsebridge.control.ControlState.LOCKED;
import static dev.evsebridge.control.ControlState.STOPPING;
import static dev.evsebridge.control.ControlState.WAITING;

import java.time.Duration;

/** What follows in the states with a contactor that is, or may be, closed: until it is open. */
final class ClosedContactorRules extends Situated {
  private static final Duration CLOSE_AGAIN = Duration.ofSeconds(2);
  private static final int MOST_DISOBEYED = 3;

  /** On top of the stop timeout where the end of the offer was never acknowledged. */
  private static final Duration UNACKNOWLEDGED_STOP = Duration.ofSeconds(1);

  ClosedContactorRules(Situation situation) {
    super(situation);
  }

  void applyToClosing() {
    if (endedByCar()) {
      return;
    }
    Why obstacle = obstacles.charging();
    if (obstacle != null) {
      situation.stop(obstacle);
    } else if (contactor.overdue(situation.now)) {
      // Whether it has closed is unknown: that counts as closed.
      situation.open();
    } else if (situation.isClosed()) {
      situation.go(CHARGING);
    } else if (situation.reading != null && situation.isOpen()) {
      if (situation.closeTries > 1) {
        situation.latch(LatchedError.CONTACTOR_DISOBEYS);
        situation.sendOpen();
        situation.go(LOCKED);
      } else {
        situation.seenOpenAfterClose.setIfNone(situation.now.nowNanos());
      }
    }
    if (situation.state == CLOSING && mayCloseAgain()) {
      situation.sendClose();
    }
  }

  /** What was true before the first close must still be true before the second. */
  private boolean mayCloseAgain() {
    return situation.now.over(situation.seenOpenAfterClose, CLOSE_AGAIN)
        && situation.askedInARow >= 2
        && pilotSignal.offering(situation.now, Situation.OFFER_SETTLED)
        && situation.isLastWordHeard()
        && situation.now.over(situation.heard, Situation.LAST_CHANCE);
  }

  void applyToCharging() {
    if (situation.isOpen()) {
      situation.noteOpening();
      situation.deviated();
      situation.go(WAITING);
      return;
    }
    if (endedByCar()) {
      return;
    }
    Why obstacle = obstacles.charging();
    if (obstacle != null) {
      situation.stop(obstacle);
    }
  }

  /** Whether the car has stopped drawing, or a notification can only mean that: then open first. */
  private boolean endedByCar() {
    if (situation.notified && settings.openOnNotify()) {
      boolean unasked = situation.state != STOPPING;
      situation.open();
      situation.openedUnasked = unasked;
      return true;
    }
    if (vehicle.asksForPower()) {
      return false;
    }
    if (situation.state != STOPPING) {
      vehicle.leftByItself(situation.now.nowNanos());
    }
    situation.open();
    return true;
  }

  void applyToStopping() {
    if (situation.isOpen()) {
      situation.noteStopped();
      situation.go(WAITING);
      return;
    }
    if (endedByCar()) {
      return;
    }
    Mark sinceAck =
        pilotSignal.is(DutyCycle.NO_OFFER)
                && pilotSignal.since().ageNanos(situation.now.nowNanos())
                    < situation.stoppingSince.ageNanos(situation.now.nowNanos())
            ? pilotSignal.since()
            : situation.stoppingSince;
    boolean patienceOver =
        (pilotSignal.is(DutyCycle.NO_OFFER) && situation.now.over(sinceAck, settings.stopTimeout()))
            || situation.now.over(
                situation.stoppingSince, settings.stopTimeout().plus(UNACKNOWLEDGED_STOP));
    if (situation.idleReadings >= 2 || contactor.overdue(situation.now)) {
      situation.open();
    } else if (patienceOver) {
      situation.openingsUnderLoad++;
      situation.open();
    }
  }

  void applyToOpening() {
    if (situation.reading != null && !situation.reading.contactorClosed() && situation.isOpen()) {
      if (situation.openedUnasked) {
        vehicle.leftByItself(situation.now.nowNanos());
      }
      situation.noteStopped();
      situation.go(WAITING);
    } else if (situation.reading != null && situation.isClosed()) {
      situation.reading = null;
      situation.disobeyed++;
      situation.sendOpen();
      if (situation.disobeyed >= MOST_DISOBEYED) {
        situation.latch(LatchedError.CONTACTOR_DISOBEYS);
        situation.go(LOCKED);
      }
    } else if (contactor.overdue(situation.now)) {
      if (contactor.unanswered() > 1) {
        situation.leave(Command.CloseReason.NO_RESPONSE);
      } else {
        situation.sendOpen();
      }
    }
  }
}
