package dev.evsebridge.control;

import static dev.evsebridge.control.ControlState.CHARGING;
import static dev.evsebridge.control.ControlState.CLOSING;
import static dev.evsebridge.control.ControlState.CONFIRM;
import static dev.evsebridge.control.ControlState.FAULT;
import static dev.evsebridge.control.ControlState.FIRMWARE;
import static dev.evsebridge.control.ControlState.IDLE;
import static dev.evsebridge.control.ControlState.LOCKED;
import static dev.evsebridge.control.ControlState.OFFERED;
import static dev.evsebridge.control.ControlState.OFFLINE;
import static dev.evsebridge.control.ControlState.OPENING;
import static dev.evsebridge.control.ControlState.STOPPING;
import static dev.evsebridge.control.ControlState.UNKNOWN;
import static dev.evsebridge.control.ControlState.WAITING;
import static dev.evsebridge.control.ControlState.WAKING;

import java.time.Duration;
import java.util.Optional;

/**
 * Makes a wallbox of one charger: set-points in, safe charging out.
 *
 * <p>Each event first updates what is known; then the rules of the state are applied until none of
 * them leads on; then duty cycle and readings are brought in line with the state. Rules ask for
 * what is the case rather than for what has just happened, so that whatever gets lost on the way is
 * made up for by the next reading.
 *
 * <p>{@link News} takes the events, {@link OpenContactorRules} and {@link ClosedContactorRules} say
 * what follows, {@link StatusReport} tells it; what they have in common is the {@link Situation}.
 *
 * <p>Not safe for use by several threads. Knows no clock: every event comes with the monotonic
 * time.
 */
public final class ChargeController {
  /** On top of the stop timeout before the bridge leaves a charger alone. */
  private static final Duration LEAVE_AFTER = Duration.ofMillis(1_500);

  private static final int MOST_TRANSITIONS = 16;
  private static final int MOST_PASSES = 8;

  private final Situation situation;
  private final News news;
  private final OpenContactorRules open;
  private final ClosedContactorRules closed;
  private final StatusReport report;

  /** Without a reading for so long the session is given up. */
  private final Duration silence;

  /**
   * Creates a controller for a charger that is not connected.
   *
   * @param memory what an earlier run has left, or {@link ControlMemory#NONE}
   */
  public ChargeController(ControlSettings settings, ControlMemory memory, long nowNanos) {
    silence = settings.poll().multipliedBy(2).plus(settings.requestTimeout());
    situation = new Situation(settings, memory, nowNanos);
    news = new News(situation);
    open = new OpenContactorRules(situation);
    closed = new ClosedContactorRules(situation);
    report = new StatusReport(situation);
  }

  /**
   * Takes an event.
   *
   * @param nowNanos monotonic time, never less than that of the event before
   */
  public Step on(Event event, long nowNanos) {
    situation.begin(nowNanos);
    news.take(event);
    // Once more after each command: the last pass, which commands nothing, knows all deadlines.
    int passes = 0;
    do {
      if (passes++ > MOST_PASSES) {
        throw new IllegalStateException("no end of commands in " + situation.state);
      }
      situation.acted = false;
      situation.now = new Moment(nowNanos);
      situation.setPoints.advance(situation.now);
      situation.life.advance(situation.now);
      decide();
      steerPilotSignal();
      leaveWhenStopping();
      collect();
      situation.reading = null;
      situation.notified = false;
    } while (situation.acted);
    Integer offered = situation.pilotSignal.offeredDeciamps();
    if (offered != null) {
      situation.protection.offered(offered, nowNanos);
    }
    return new Step(
        situation.commands,
        report.status(),
        situation.now.deadlineNanos(),
        situation.memoryChanged,
        Optional.ofNullable(situation.refusal));
  }

  /** What a restart must not forget. */
  public ControlMemory memory(long nowNanos) {
    return new ControlMemory(
        situation.setPoints.rememberedEnabled(),
        situation.setPoints.rememberedLimitDeciamps(),
        situation.latches.persistent(),
        situation.guard.openingAge(nowNanos),
        situation.guard.openingByLimitAge(nowNanos),
        situation.guard.startAges(nowNanos),
        situation.contactor.switchings(),
        situation.openingsUnderLoad);
  }

  private void decide() {
    if (situation.latches.contains(LatchedError.FOREIGN_CONTROL)
        && situation.foreignControl.quiet(situation.now)) {
      situation.latches.clear(LatchedError.FOREIGN_CONTROL);
      situation.foreignControl.clear();
    }
    if (situation.notified && !(situation.settings.openOnNotify() && situation.mayBeDrawing())) {
      situation.collects.askAtOnce();
    }
    for (int transitions = 0; ; transitions++) {
      if (transitions > MOST_TRANSITIONS) {
        throw new IllegalStateException("no end of transitions in " + situation.state);
      }
      ControlState before = situation.state;
      situation.allowance = situation.obstacles.allowance();
      apply();
      if (situation.state == before) {
        return;
      }
    }
  }

  private void apply() {
    if (situation.state == OFFLINE || situation.state == FIRMWARE) {
      return;
    }
    if (situation.now.over(situation.heard, silence)) {
      situation.leave(Command.CloseReason.NO_READINGS);
      return;
    }
    if (situation.state.open() && open.applyToOpen()) {
      return;
    }
    switch (situation.state) {
      case UNKNOWN -> open.applyToUnknown();
      case IDLE -> {
        if (situation.vehicle.present()) {
          situation.go(WAITING);
          situation.freshlyPlugged = true;
        }
      }
      case WAITING -> open.applyToWaiting();
      case OFFERED -> open.applyToOffered();
      case CONFIRM -> open.applyToConfirm();
      case CLOSING -> closed.applyToClosing();
      case CHARGING -> closed.applyToCharging();
      case STOPPING -> closed.applyToStopping();
      case OPENING -> closed.applyToOpening();
      case WAKING -> open.applyToWaking();
      case FAULT -> {
        if (situation.vehicle.faultGoneFor(situation.settings.faultWait(), situation.now)) {
          situation.go(WAITING);
        }
      }
      case LOCKED -> open.applyToLocked();
      case OFFLINE, FIRMWARE -> {}
    }
  }

  private void steerPilotSignal() {
    Integer percent =
        switch (situation.state) {
          case OFFLINE, UNKNOWN -> null;
          case IDLE, WAITING, STOPPING, FAULT, LOCKED, FIRMWARE ->
              situation.pilotSignal.toward(DutyCycle.NO_OFFER, situation.now);
          case OPENING ->
              situation.contactor.awaitsAck()
                  ? null
                  : situation.pilotSignal.toward(DutyCycle.NO_OFFER, situation.now);
          case WAKING -> situation.pilotSignal.toward(situation.wakeUp.percent(), situation.now);
          // An offer that is to end for a set-point waits for its slot, and stays until then.
          case OFFERED, CONFIRM, CLOSING, CHARGING ->
              situation.obstacles.charging() != null
                  ? null
                  : situation.pilotSignal.towardOffer(
                      DutyCycle.percentFor(situation.allowance.deciamps()),
                      DutyCycle.percentFor(situation.allowance.protectiveDeciamps()),
                      situation.state != CONFIRM,
                      situation.now);
        };
    if (percent != null) {
      situation.sendPwm(percent);
      if (situation.state == CONFIRM) {
        situation.go(OFFERED);
      }
    }
  }

  private void leaveWhenStopping() {
    if (!situation.bridgeStopping.isSet() || situation.state == OFFLINE) {
      return;
    }
    if (situation.settings.onStop() == ControlSettings.OnStop.LEAVE) {
      situation.commands.clear();
      situation.command(new Command.CloseSession(Command.CloseReason.BRIDGE_STOPPING));
      situation.disconnected();
      return;
    }
    boolean safe =
        situation.state.open()
            && situation.contactor.knownOpen()
            && situation.pilotSignal.is(DutyCycle.NO_OFFER);
    if (safe
        || situation.now.over(
            situation.bridgeStopping, situation.settings.stopTimeout().plus(LEAVE_AFTER))) {
      situation.leave(Command.CloseReason.BRIDGE_STOPPING);
    }
  }

  private void collect() {
    if (situation.state == OFFLINE || situation.state == FIRMWARE) {
      return;
    }
    boolean often =
        situation.state == STOPPING
            || situation.state == OPENING
            || situation.protection.suspects()
            || (situation.state == LOCKED && situation.vehicle.absent());
    if (situation.collects.due(!situation.contactor.knownOpen(), often, situation.now)) {
      situation.command(new Command.Collect());
    }
  }
}
