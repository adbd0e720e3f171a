package dev.evsebridge.control;

import static dev.evsebridge.control.ControlState.CHARGING;
import static dev.evsebridge.control.ControlState.CONFIRM;
import static dev.evsebridge.control.ControlState.FIRMWARE;
import static dev.evsebridge.control.ControlState.OFFERED;
import static dev.evsebridge.control.ControlState.OFFLINE;
import static dev.evsebridge.control.ControlState.UNKNOWN;

import dev.evsebridge.message.PilotVoltage;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Takes events: each updates what is known, and decides next to nothing. */
final class News extends Situated {
  private static final Duration FRESH_FOR_FIRMWARE = Duration.ofSeconds(1);

  News(Situation situation) {
    super(situation);
  }

  void take(Event event) {
    if (event instanceof Event.Reading taken) {
      take(taken);
    } else if (event instanceof Event.Notified) {
      situation.notified = situation.state != OFFLINE && situation.state != FIRMWARE;
      situation.askedInARow = 0;
      lastWord.forget();
    } else if (event instanceof Event.Acked acked) {
      acknowledged(acked.command());
    } else if (event instanceof Event.CommandFailed failed) {
      failed(failed.command());
    } else if (event instanceof Event.SetPoint setPoint) {
      take(setPoint);
    } else if (event instanceof Event.Connected) {
      connected();
    } else if (event instanceof Event.Disconnected) {
      situation.disconnected();
    } else if (event instanceof Event.Alive sign) {
      life.sign(situation.now.nowNanos() - sign.ageNanos());
    } else if (event instanceof Event.Silent) {
      life.gone();
    } else if (event instanceof Event.BrokerLost) {
      obstacles.brokerLost(true);
    } else if (event instanceof Event.BrokerBack) {
      obstacles.brokerLost(false);
    } else if (event instanceof Event.Reset reset) {
      reset(reset.error());
    } else if (event instanceof Event.FirmwareStarting) {
      startFirmware();
    } else if (event instanceof Event.FirmwareEnded) {
      endFirmware();
    } else if (event instanceof Event.Stopping) {
      situation.bridgeStopping.setIfNone(situation.now.nowNanos());
      obstacles.bridgeStops();
    }
  }

  private void connected() {
    situation.disconnected();
    situation.go(UNKNOWN);
    situation.heard.set(situation.now.nowNanos());
    unreadConnections.connected(situation.now.nowNanos());
    if (situation.firmwareSent) {
      situation.firmwareSent = false;
      situation.noteOpening();
    }
  }

  void take(Event.Reading taken) {
    if (situation.state == OFFLINE || situation.state == FIRMWARE) {
      return;
    }
    long nowNanos = situation.now.nowNanos();
    if (situation.lastReading == null) {
      takeFirst(taken);
    }
    situation.reading = taken;
    situation.lastReading = taken;
    situation.heard.set(nowNanos);
    unreadConnections.read();
    situation.askedInARow =
        taken.pilot() == PilotVoltage.VOLT_6 || taken.pilot() == PilotVoltage.VOLT_3
            ? situation.askedInARow + 1
            : 0;
    if (situation.askedInARow == 0) {
      lastWord.forget();
    }
    collects.answered();
    uptime.read(taken.uptimeMillis(), nowNanos);
    if (pilotSignal.observed(taken.pwmPercent(), nowNanos)) {
      pilotSignal.freeSlot();
      situation.deviated();
    }
    long switchings = contactor.switchings();
    contactor.observed(taken.contactorClosed(), nowNanos);
    situation.memoryChanged |= switchings != contactor.switchings();
    if (taken.contactorClosed() || !pilotSignal.blindsPilot(situation.now)) {
      readVehicle(taken);
    } else {
      vehicle.readCable(taken.proximity());
    }
    measure(taken);
  }

  /**
   * The first reading of a session. Where nobody saw since when the contactor is open, the pause
   * begins now; without a car there is nothing to spare, and a plugged car need not wait.
   */
  private void takeFirst(Event.Reading taken) {
    if (taken.contactorClosed()) {
      return;
    }
    boolean unseen =
        uptime.known()
            ? !situation.openBeforeLoss
                || uptime.restarted(taken.uptimeMillis(), situation.now.nowNanos())
            : taken.pilot() != PilotVoltage.VOLT_12;
    if (unseen) {
      situation.noteOpening();
    }
  }

  private void readVehicle(Event.Reading taken) {
    vehicle.read(taken.pilot(), taken.proximity(), situation.now.nowNanos());
    if (!taken.contactorClosed() && vehicle.asksForPower()) {
      vehicle.askedWhileOpen();
    }
    if (vehicle.tooManyFaults()) {
      situation.latch(LatchedError.PILOT_FAULT);
    }
    if (vehicle.absent()) {
      protection.unplugged();
      wakeUp.forgetTries();
      guard.unplugged();
      if (vehicle.unplugged(situation.now)) {
        situation.memoryChanged |= latches.unplugged();
      }
    }
  }

  private void measure(Event.Reading taken) {
    long nowNanos = situation.now.nowNanos();
    PhaseValues milliamps = settings.current().calibratedOf(taken.milliamps());
    PhaseValues millivolts = settings.voltage().calibratedOf(taken.millivolts());
    if (protection.supply(millivolts, nowNanos)) {
      guard.openedByLimit(nowNanos);
      situation.memoryChanged = true;
    }
    boolean idle = taken.contactorClosed() && milliamps.allBelow(Protection.FLOWING_MILLIAMPS);
    situation.idleReadings = idle ? situation.idleReadings + 1 : 0;
    Protection.Finding finding = Protection.Finding.NOTHING;
    if (situation.state == CHARGING && taken.contactorClosed()) {
      Integer offered = pilotSignal.offeredDeciamps();
      finding =
          protection.closed(
              milliamps,
              offered == null ? 0 : offered,
              obstacles.allowance().maxDeciamps(),
              nowNanos);
    } else if (!taken.contactorClosed() && contactor.knownOpen()) {
      finding = protection.open(milliamps, contactor.openSince(), nowNanos);
    }
    switch (finding) {
      case NOTHING, REDUCE -> {}
      case OVERCURRENT -> situation.latch(LatchedError.OVERCURRENT);
      case HARD_OVERCURRENT -> {
        situation.latch(LatchedError.OVERCURRENT);
        situation.open();
      }
      case WELDED -> {
        if (!latches.contains(LatchedError.CONTACTOR_WELDED)) {
          situation.latch(LatchedError.CONTACTOR_WELDED);
          situation.sendOpen();
        }
      }
    }
  }

  private void acknowledged(Command command) {
    if (situation.state == OFFLINE) {
      return;
    }
    if (command instanceof Command.SetPwm pwm) {
      pilotSignal.acked(pwm.percent(), situation.now.nowNanos());
    } else if (command instanceof Command.SetContactor switched) {
      long switchings = contactor.switchings();
      contactor.acked(switched.closed(), situation.now.nowNanos());
      situation.memoryChanged |= switchings != contactor.switchings();
      if (!switched.closed()) {
        situation.noteOpening();
      }
      collects.askAtOnce();
    } else if (command instanceof Command.Ping ping) {
      lastWord.answered(ping);
    }
  }

  private void failed(Command command) {
    if (command instanceof Command.SetContactor switched) {
      contactor.failed(switched.closed());
    } else if (command instanceof Command.Collect) {
      collects.failed(situation.now.nowNanos());
    } else if (command instanceof Command.Ping ping && lastWord.awaits(ping)) {
      lastWord.forget();
      if (situation.state == CONFIRM) {
        situation.go(OFFERED);
      } else {
        situation.seenOpenAfterClose.set(situation.now.nowNanos());
      }
    }
    // A duty cycle that failed is sent again when it is overdue.
  }

  void take(Event.SetPoint setPoint) {
    boolean wasEnabled = setPoints.enabled();
    // Some controls repeat themselves every few seconds: that must not wear out a memory card.
    situation.memoryChanged |= setPoints.take(setPoint.enabled(), setPoint.limitDeciamps());
    life.sign(situation.now.nowNanos() - setPoint.ageNanos());
    if (!wasEnabled && setPoints.enabled()) {
      vehicle.allowAnotherTry();
      wakeUp.forgetTries();
    }
  }

  private void reset(@Nullable LatchedError wanted) {
    for (LatchedError error : latches.all()) {
      if (wanted != null && wanted != error) {
        continue;
      }
      String reason = Latches.whyNotReset(error, situation.lastReading, settings.current());
      if (reason != null) {
        situation.refusal = situation.refusal == null ? reason : situation.refusal;
        continue;
      }
      latches.clear(error);
      situation.memoryChanged = true;
      guard.errorReset(situation.now.nowNanos());
      switch (error) {
        case OVERCURRENT -> protection.unplugged();
        case FOREIGN_CONTROL -> foreignControl.clear();
        case PILOT_FAULT -> vehicle.forgetFaults();
        case CONTACTOR_WELDED, CONTACTOR_DISOBEYS -> {}
      }
    }
  }

  private void startFirmware() {
    if (situation.state == OFFLINE) {
      situation.refusal = "The charger is not connected.";
    } else if (!situation.state.open() || !contactor.knownOpen()) {
      situation.refusal = "The contactor is closed, or not known to be open.";
    } else if (situation.lastReading == null
        || !situation.now.within(situation.heard, FRESH_FOR_FIRMWARE)) {
      situation.refusal = "The last reading is too old to know that the contactor is open.";
    } else if (latches.contains(LatchedError.CONTACTOR_WELDED)
        || latches.contains(LatchedError.CONTACTOR_DISOBEYS)
        || latches.contains(LatchedError.OVERCURRENT)) {
      situation.refusal = "An error of contactor or current is latched.";
    } else {
      situation.go(FIRMWARE);
    }
  }

  private void endFirmware() {
    if (situation.state == FIRMWARE) {
      situation.go(UNKNOWN);
      situation.forgetSession();
      situation.openBeforeLoss = true;
      situation.heard.set(situation.now.nowNanos());
    }
  }
}
