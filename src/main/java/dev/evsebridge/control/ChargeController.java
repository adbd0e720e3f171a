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
import java.util.OptionalLong;

/**
 * Makes a wallbox of one charger: set-points in, safe charging out.
 *
 * <p>Each event first updates what is known; then the rules of the state are applied until none of
 * them leads on; then duty cycle and readings are brought in line with the state. Rules ask for
 * what is the case rather than for what has just happened, so that whatever gets lost on the way is
 * made up for by the next reading.
 *
 * <p>{@link News} takes the events, {@link OpenContactorRules} and {@link ClosedContactorRules} say
 * what follows; what they have in common is the {@link Situation}.
 *
 * <p>Not safe for use by several threads. Knows no clock: every event comes with the monotonic
 * time.
 */
public final class ChargeController {
  /** On top of the stop timeout before the bridge leaves a charger alone. */
  private static final Duration LEAVE_AFTER = Duration.ofMillis(1_500);

  private static final int MOST_TRANSITIONS = 16;
  private static final int MOST_PASSES = 8;

  private final ControlSettings settings;
  private final Situation situation;
  private final News news;
  private final OpenContactorRules open;
  private final ClosedContactorRules closed;
  private final SetPoints setPoints;
  private final ControlLife life;
  private final StartGuard guard;
  private final Protection protection;
  private final PilotSignal pilotSignal;
  private final Contactor contactor;
  private final Vehicle vehicle;
  private final WakeUp wakeUp;
  private final Collects collects;
  private final ForeignControl foreignControl;
  private final Latches latches;
  private final Obstacles obstacles;
  private final Reasons reasons;

  /**
   * Creates a controller for a charger that is not connected.
   *
   * @param memory what an earlier run has left, or {@link ControlMemory#NONE}
   */
  public ChargeController(ControlSettings settings, ControlMemory memory, long nowNanos) {
    this.settings = settings;
    situation = new Situation(settings, memory, nowNanos);
    news = new News(situation);
    open = new OpenContactorRules(situation);
    closed = new ClosedContactorRules(situation);
    setPoints = situation.setPoints;
    life = situation.life;
    guard = situation.guard;
    protection = situation.protection;
    pilotSignal = situation.pilotSignal;
    contactor = situation.contactor;
    vehicle = situation.vehicle;
    wakeUp = situation.wakeUp;
    collects = situation.collects;
    foreignControl = situation.foreignControl;
    latches = situation.latches;
    obstacles = situation.obstacles;
    reasons = new Reasons(obstacles, vehicle, guard);
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
      setPoints.advance(situation.now);
      life.advance(situation.now);
      decide();
      steerPilotSignal();
      leaveWhenStopping();
      collect();
      situation.reading = null;
      situation.notified = false;
    } while (situation.acted);
    Integer offered = pilotSignal.offeredDeciamps();
    if (offered != null) {
      protection.offered(offered, nowNanos);
    }
    ControlStatus status = status();
    return new Step(
        situation.commands,
        status,
        situation.now.deadlineNanos(),
        situation.memoryChanged,
        Optional.ofNullable(situation.refusal));
  }

  /** What a restart must not forget. */
  public ControlMemory memory(long nowNanos) {
    return new ControlMemory(
        setPoints.rememberedEnabled(),
        setPoints.rememberedLimitDeciamps(),
        latches.persistent(),
        guard.openingAge(nowNanos),
        guard.openingByLimitAge(nowNanos),
        guard.startAges(nowNanos),
        contactor.switchings(),
        situation.openingsUnderLoad);
  }

  private void decide() {
    if (latches.contains(LatchedError.FOREIGN_CONTROL) && foreignControl.quiet(situation.now)) {
      latches.clear(LatchedError.FOREIGN_CONTROL);
      foreignControl.clear();
    }
    if (situation.notified && !(settings.openOnNotify() && situation.mayBeDrawing())) {
      collects.askAtOnce();
    }
    for (int transitions = 0; ; transitions++) {
      if (transitions > MOST_TRANSITIONS) {
        throw new IllegalStateException("no end of transitions in " + situation.state);
      }
      ControlState before = situation.state;
      situation.allowance = obstacles.allowance();
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
    Duration silence = settings.poll().multipliedBy(2).plus(settings.requestTimeout());
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
        if (vehicle.present()) {
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
        if (vehicle.faultGoneFor(settings.faultWait(), situation.now)) {
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
              pilotSignal.toward(DutyCycle.NO_OFFER, situation.now);
          case OPENING ->
              contactor.awaitsAck() ? null : pilotSignal.toward(DutyCycle.NO_OFFER, situation.now);
          case WAKING -> pilotSignal.toward(wakeUp.percent(), situation.now);
          // An offer that is to end for a set-point waits for its slot, and stays until then.
          case OFFERED, CONFIRM, CLOSING, CHARGING ->
              obstacles.charging() != null
                  ? null
                  : pilotSignal.towardOffer(
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
    if (settings.onStop() == ControlSettings.OnStop.LEAVE) {
      situation.commands.clear();
      situation.command(new Command.CloseSession(Command.CloseReason.BRIDGE_STOPPING));
      situation.disconnected();
      return;
    }
    boolean safe =
        situation.state.open() && contactor.knownOpen() && pilotSignal.is(DutyCycle.NO_OFFER);
    if (safe
        || situation.now.over(situation.bridgeStopping, settings.stopTimeout().plus(LEAVE_AFTER))) {
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
            || protection.suspects()
            || (situation.state == LOCKED && vehicle.absent());
    if (collects.due(!contactor.knownOpen(), often, situation.now)) {
      situation.command(new Command.Collect());
    }
  }

  private ControlStatus status() {
    Why why = reasons.of(situation.state, situation.now);
    OptionalLong startAt =
        why == Why.MIN_OFF || why == Why.RESTART_DELAY || why == Why.TOO_MANY_STARTS
            ? guard.readyAtNanos(situation.now.nowNanos())
            : OptionalLong.empty();
    boolean currents = settings.current().complete();
    return new ControlStatus(
        situation.state,
        why,
        why == null ? null : Reasons.sentence(why, situation.allowance.limitedBy(), settings),
        setPoints.enabled(),
        setPoints.limitDeciamps(),
        situation.allowance.deciamps(),
        situation.allowance.limitedBy(),
        pilotSignal.offeredDeciamps(),
        situation.allowance.maxDeciamps(),
        vehicle.cableDeciamps(),
        vehicle.pilot(),
        vehicle.asksForPower() && Boolean.TRUE.equals(contactor.closed()),
        contactor.closed(),
        latches.all(),
        life.status(),
        new ControlStatus.ProtectionStatus(currents, currents, settings.voltage().complete()),
        startAt,
        contactor.switchings(),
        situation.openingsUnderLoad);
  }
}
