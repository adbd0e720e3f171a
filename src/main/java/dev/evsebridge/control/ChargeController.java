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

import dev.evsebridge.message.PilotVoltage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Makes a wallbox of one charger: set-points in, safe charging out.
 *
 * <p>Each event first updates what is known; then the rules of the state are applied until none of
 * them leads on; then duty cycle and readings are brought in line with the state. Rules ask for
 * what is the case rather than for what has just happened, so that whatever gets lost on the way is
 * made up for by the next reading.
 *
 * <p>Not safe for use by several threads. Knows no clock: every event comes with the monotonic
 * time.
 */
public final class ChargeController {
  /** The car must have had the offer for so long before its wish counts. */
  private static final Duration OFFER_SETTLED = Duration.ofSeconds(1);

  /** A car that was offered current needs so long without offer to notice a new one. */
  private static final Duration NO_OFFER_HELD = Duration.ofSeconds(3);

  /**
   * A collect blinds the charger, and the 0.5 s that it waits before telling that the car went back
   * run only afterwards: in this time it would tell.
   */
  private static final Duration LAST_CHANCE = Duration.ofMillis(100);

  private static final Duration CLOSE_AGAIN = Duration.ofSeconds(2);
  private static final Duration OPEN_AGAIN = Duration.ofSeconds(5);
  private static final int MOST_DISOBEYED = 3;

  /** On top of the stop timeout where the end of the offer was never acknowledged. */
  private static final Duration UNACKNOWLEDGED_STOP = Duration.ofSeconds(1);

  /** On top of the stop timeout before the bridge leaves a charger alone. */
  private static final Duration LEAVE_AFTER = Duration.ofMillis(1_500);

  private static final Duration FRESH_FOR_FIRMWARE = Duration.ofSeconds(1);
  private static final int MOST_TRANSITIONS = 16;
  private static final int MOST_PASSES = 8;

  private final ControlSettings settings;
  private final SetPoints setPoints;
  private final ControlLife life;
  private final StartGuard guard;
  private final Protection protection;
  private final PilotSignal pilotSignal;
  private final Contactor contactor = new Contactor();
  private final Vehicle vehicle;
  private final WakeUp wakeUp;
  private final Collects collects;
  private final ForeignControl foreignControl = new ForeignControl();
  private final Uptime uptime = new Uptime();
  private final Latches latches = new Latches();
  private final LastWord lastWord = new LastWord();
  private final Obstacles obstacles;
  private final Reasons reasons;

  private ControlState state = OFFLINE;
  private boolean stoppedByLimit;
  private boolean openedUnasked;
  private boolean freshlyPlugged;
  private boolean openBeforeLoss;
  private boolean firmwareSent;
  private int askedInARow;
  private int confirmations;
  private int closeTries;
  private int disobeyed;
  private int idleReadings;
  private long openingsUnderLoad;
  private final Mark heard = new Mark();
  private final Mark confirmedAt = new Mark();
  private final Mark seenOpenAfterClose = new Mark();
  private final Mark stoppingSince = new Mark();
  private final Mark bridgeStopping = new Mark();

  // What belongs to the step that is being taken.
  private Moment now;
  private List<Command> commands = new ArrayList<>();
  private Event.@Nullable Reading reading;
  private Event.@Nullable Reading lastReading;
  private boolean notified;
  private boolean acted;
  private boolean memoryChanged;
  private @Nullable String refusal;
  private Allowance allowance;

  /**
   * Creates a controller for a charger that is not connected.
   *
   * @param memory what an earlier run has left, or {@link ControlMemory#NONE}
   */
  public ChargeController(ControlSettings settings, ControlMemory memory, long nowNanos) {
    this.settings = settings;
    setPoints = new SetPoints(settings);
    life = new ControlLife(settings, nowNanos);
    guard = new StartGuard(settings);
    protection = new Protection(settings);
    pilotSignal = new PilotSignal(settings);
    vehicle = new Vehicle(settings);
    wakeUp = new WakeUp(settings);
    collects = new Collects(settings);
    obstacles = new Obstacles(settings, setPoints, life, protection, vehicle, latches, guard);
    reasons = new Reasons(obstacles, vehicle, guard);
    setPoints.restore(memory);
    guard.restore(memory, nowNanos);
    contactor.restore(memory.switchings());
    openingsUnderLoad = memory.openingsUnderLoad();
    latches.restore(memory);
    now = new Moment(nowNanos);
    allowance = obstacles.allowance();
  }

  /**
   * Takes an event.
   *
   * @param nowNanos monotonic time, never less than that of the event before
   */
  public Step on(Event event, long nowNanos) {
    now = new Moment(nowNanos);
    commands = new ArrayList<>();
    reading = null;
    notified = false;
    memoryChanged = false;
    refusal = null;
    take(event);
    // Once more after each command: the last pass, which commands nothing, knows all deadlines.
    int passes = 0;
    do {
      if (passes++ > MOST_PASSES) {
        throw new IllegalStateException("no end of commands in " + state);
      }
      acted = false;
      now = new Moment(nowNanos);
      setPoints.advance(now);
      life.advance(now);
      decide();
      steerPilotSignal();
      leaveWhenStopping();
      collect();
      reading = null;
      notified = false;
    } while (acted);
    Integer offered = pilotSignal.offeredDeciamps();
    if (offered != null) {
      protection.offered(offered, nowNanos);
    }
    ControlStatus status = status();
    return new Step(
        commands, status, now.deadlineNanos(), memoryChanged, Optional.ofNullable(refusal));
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
        openingsUnderLoad);
  }

  // ---- events: what is known --------------------------------------------------------------------

  private void take(Event event) {
    if (event instanceof Event.Reading taken) {
      take(taken);
    } else if (event instanceof Event.Notified) {
      notified = state != OFFLINE && state != FIRMWARE;
      askedInARow = 0;
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
      disconnected();
    } else if (event instanceof Event.Alive sign) {
      life.sign(now.nowNanos() - sign.ageNanos());
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
      bridgeStopping.setIfNone(now.nowNanos());
      obstacles.bridgeStops();
    }
  }

  private void connected() {
    disconnected();
    go(UNKNOWN);
    heard.set(now.nowNanos());
    if (firmwareSent) {
      firmwareSent = false;
      noteOpening();
    }
  }

  private void disconnected() {
    if (state == OFFLINE) {
      return;
    }
    firmwareSent |= state == FIRMWARE;
    if (state != UNKNOWN) {
      openBeforeLoss = contactor.knownOpen();
    }
    go(OFFLINE);
    forgetSession();
  }

  private void forgetSession() {
    lastWord.forget();
    pilotSignal.forget();
    contactor.forget();
    vehicle.forget();
    protection.disconnected();
    collects.forget();
    lastReading = null;
    askedInARow = 0;
    heard.clear();
  }

  private void take(Event.Reading taken) {
    if (state == OFFLINE || state == FIRMWARE) {
      return;
    }
    long nowNanos = now.nowNanos();
    if (lastReading == null) {
      takeFirst(taken);
    }
    reading = taken;
    lastReading = taken;
    heard.set(nowNanos);
    askedInARow =
        taken.pilot() == PilotVoltage.VOLT_6 || taken.pilot() == PilotVoltage.VOLT_3
            ? askedInARow + 1
            : 0;
    if (askedInARow == 0) {
      lastWord.forget();
    }
    collects.answered();
    uptime.read(taken.uptimeMillis(), nowNanos);
    if (pilotSignal.observed(taken.pwmPercent(), nowNanos)) {
      pilotSignal.freeSlot();
      deviated();
    }
    long switchings = contactor.switchings();
    contactor.observed(taken.contactorClosed(), nowNanos);
    memoryChanged |= switchings != contactor.switchings();
    if (taken.contactorClosed() || !pilotSignal.blindsPilot(now)) {
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
            ? !openBeforeLoss || uptime.restarted(taken.uptimeMillis(), now.nowNanos())
            : taken.pilot() != PilotVoltage.VOLT_12;
    if (unseen) {
      noteOpening();
    }
  }

  private void readVehicle(Event.Reading taken) {
    vehicle.read(taken.pilot(), taken.proximity(), now.nowNanos());
    if (!taken.contactorClosed() && vehicle.asksForPower()) {
      vehicle.askedWhileOpen();
    }
    if (vehicle.tooManyFaults()) {
      latch(LatchedError.PILOT_FAULT);
    }
    if (vehicle.absent()) {
      protection.unplugged();
      wakeUp.forgetTries();
      guard.unplugged();
      if (vehicle.unplugged(now)) {
        memoryChanged |= latches.unplugged();
      }
    }
  }

  private void measure(Event.Reading taken) {
    long nowNanos = now.nowNanos();
    PhaseValues milliamps = settings.current().calibratedOf(taken.milliamps());
    PhaseValues millivolts = settings.voltage().calibratedOf(taken.millivolts());
    if (protection.supply(millivolts, nowNanos)) {
      guard.openedByLimit(nowNanos);
      memoryChanged = true;
    }
    boolean idle = taken.contactorClosed() && milliamps.allBelow(Protection.FLOWING_MILLIAMPS);
    idleReadings = idle ? idleReadings + 1 : 0;
    Protection.Finding finding = Protection.Finding.NOTHING;
    if (state == CHARGING && taken.contactorClosed()) {
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
      case OVERCURRENT -> latch(LatchedError.OVERCURRENT);
      case HARD_OVERCURRENT -> {
        latch(LatchedError.OVERCURRENT);
        open();
      }
      case WELDED -> {
        if (!latches.contains(LatchedError.CONTACTOR_WELDED)) {
          latch(LatchedError.CONTACTOR_WELDED);
          sendOpen();
        }
      }
    }
  }

  private void acknowledged(Command command) {
    if (state == OFFLINE) {
      return;
    }
    if (command instanceof Command.SetPwm pwm) {
      pilotSignal.acked(pwm.percent(), now.nowNanos());
    } else if (command instanceof Command.SetContactor switched) {
      long switchings = contactor.switchings();
      contactor.acked(switched.closed(), now.nowNanos());
      memoryChanged |= switchings != contactor.switchings();
      if (!switched.closed()) {
        noteOpening();
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
      collects.failed(now.nowNanos());
    } else if (command instanceof Command.Ping ping && lastWord.awaits(ping)) {
      lastWord.forget();
      if (state == CONFIRM) {
        go(OFFERED);
      } else {
        seenOpenAfterClose.set(now.nowNanos());
      }
    }
    // A duty cycle that failed is sent again when it is overdue.
  }

  private void take(Event.SetPoint setPoint) {
    boolean wasEnabled = setPoints.enabled();
    setPoints.take(setPoint.enabled(), setPoint.limitDeciamps());
    life.sign(now.nowNanos() - setPoint.ageNanos());
    memoryChanged = true;
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
      String reason = Latches.whyNotReset(error, lastReading, settings.current());
      if (reason != null) {
        refusal = refusal == null ? reason : refusal;
        continue;
      }
      latches.clear(error);
      memoryChanged = true;
      guard.errorReset(now.nowNanos());
      switch (error) {
        case OVERCURRENT -> protection.unplugged();
        case FOREIGN_CONTROL -> foreignControl.clear();
        case PILOT_FAULT -> vehicle.forgetFaults();
        case CONTACTOR_WELDED, CONTACTOR_DISOBEYS -> {}
      }
    }
  }

  private void startFirmware() {
    if (state == OFFLINE) {
      refusal = "The charger is not connected.";
    } else if (!state.open() || !contactor.knownOpen()) {
      refusal = "The contactor is closed, or not known to be open.";
    } else if (lastReading == null || !now.within(heard, FRESH_FOR_FIRMWARE)) {
      refusal = "The last reading is too old to know that the contactor is open.";
    } else if (latches.contains(LatchedError.CONTACTOR_WELDED)
        || latches.contains(LatchedError.CONTACTOR_DISOBEYS)
        || latches.contains(LatchedError.OVERCURRENT)) {
      refusal = "An error of contactor or current is latched.";
    } else {
      go(FIRMWARE);
    }
  }

  private void endFirmware() {
    if (state == FIRMWARE) {
      go(UNKNOWN);
      forgetSession();
      openBeforeLoss = true;
      heard.set(now.nowNanos());
    }
  }

  // ---- rules: what follows from it --------------------------------------------------------------

  private void decide() {
    if (latches.contains(LatchedError.FOREIGN_CONTROL) && foreignControl.quiet(now)) {
      latches.clear(LatchedError.FOREIGN_CONTROL);
      foreignControl.clear();
    }
    if (notified && !(settings.openOnNotify() && mayBeDrawing())) {
      collects.askAtOnce();
    }
    for (int transitions = 0; ; transitions++) {
      if (transitions > MOST_TRANSITIONS) {
        throw new IllegalStateException("no end of transitions in " + state);
      }
      ControlState before = state;
      allowance = obstacles.allowance();
      apply();
      if (state == before) {
        return;
      }
    }
  }

  private void apply() {
    if (state == OFFLINE || state == FIRMWARE) {
      return;
    }
    Duration silence = settings.poll().multipliedBy(2).plus(settings.requestTimeout());
    if (now.over(heard, silence)) {
      leave(Command.CloseReason.NO_READINGS);
      return;
    }
    if (state.open() && applyToOpen()) {
      return;
    }
    switch (state) {
      case UNKNOWN -> applyToUnknown();
      case IDLE -> {
        if (vehicle.present()) {
          go(WAITING);
          freshlyPlugged = true;
        }
      }
      case WAITING -> applyToWaiting();
      case OFFERED -> applyToOffered();
      case CONFIRM -> applyToConfirm();
      case CLOSING -> applyToClosing();
      case CHARGING -> applyToCharging();
      case STOPPING -> applyToStopping();
      case OPENING -> applyToOpening();
      case WAKING -> applyToWaking();
      case FAULT -> {
        if (vehicle.faultGoneFor(settings.faultWait(), now)) {
          go(WAITING);
        }
      }
      case LOCKED -> applyToLocked();
      case OFFLINE, FIRMWARE -> {}
    }
  }

  /**
   * What holds in all states with an open contactor.
   *
   * @return whether one of its rules has led on
   */
  private boolean applyToOpen() {
    if (isClosed() && !latches.contains(LatchedError.CONTACTOR_DISOBEYS)) {
      deviated();
      open();
      return true;
    }
    if (state == LOCKED) {
      return false;
    }
    if (!latches.isEmpty()) {
      go(LOCKED);
    } else if (vehicle.absent() && state != IDLE) {
      go(IDLE);
    } else if (vehicle.faulty() && state != FAULT) {
      go(FAULT);
    } else {
      return false;
    }
    return true;
  }

  private void applyToUnknown() {
    if (reading == null) {
      return;
    }
    if (!reading.contactorClosed()) {
      boolean goesOn =
          vehicle.connectedOnly() && pilotSignal.offersNow() && obstacles.starting(now) == null;
      go(goesOn ? OFFERED : WAITING);
      if (goesOn) {
        holdBackRaise();
      }
      return;
    }
    if (!vehicle.asksForPower()) {
      open();
      return;
    }
    if (pilotSignal.offersNow() && setPoints.unset()) {
      setPoints.adopt(DutyCycle.deciampsOffered(reading.pwmPercent()), now.nowNanos());
      setPoints.advance(now);
      allowance = obstacles.allowance();
    }
    Why obstacle = obstacles.charging();
    if (obstacle == null && pilotSignal.offersNow()) {
      vehicle.takenOver();
      go(CHARGING);
      holdBackRaise();
    } else {
      stop(obstacle);
    }
  }

  /** What was found in force and is not too much is left alone for an interval. */
  private void holdBackRaise() {
    Integer offered = pilotSignal.offeredDeciamps();
    if (offered != null && offered <= allowance.deciamps()) {
      pilotSignal.takeSlot(now.nowNanos());
    }
  }

  private void applyToWaiting() {
    boolean rested =
        pilotSignal.is(DutyCycle.NO_OFFER)
            && (freshlyPlugged || now.over(pilotSignal.since(), NO_OFFER_HELD));
    if (rested
        && vehicle.present()
        && obstacles.starting(now) == null
        && pilotSignal.slotFree(now)) {
      go(OFFERED);
    }
  }

  private void applyToOffered() {
    Why obstacle = obstacles.starting(now);
    if (obstacle != null) {
      withdrawOffer(obstacle);
      return;
    }
    if (vehicle.asksForPower() && pilotSignal.offering(now, OFFER_SETTLED)) {
      if (reading != null) {
        // Each reading counts once.
        reading = null;
        confirmations = 1;
        go(CONFIRM);
      }
      collects.ask();
    } else if (vehicle.connectedOnly()
        && contactor.knownOpen()
        && pilotSignal.offersNow()
        && wakeUp.due(vehicle.leftByItself(), now)) {
      wakeUp.begin();
      go(WAKING);
    }
  }

  private void withdrawOffer(Why obstacle) {
    Integer offered = pilotSignal.offeredDeciamps();
    boolean tooMuch = offered != null && offered > allowance.protectiveDeciamps();
    if (!Obstacles.comesFromSetPoints(obstacle) || tooMuch) {
      go(WAITING);
    } else if (pilotSignal.slotFree(now)) {
      pilotSignal.takeSlot(now.nowNanos());
      go(WAITING);
    }
  }

  private void applyToConfirm() {
    if (notified
        || !vehicle.asksForPower()
        || obstacles.starting(now) != null
        || !pilotSignal.offering(now, OFFER_SETTLED)) {
      // Whatever has changed: the car must be seen asking twice anew.
      reading = null;
      go(OFFERED);
      return;
    }
    if (reading != null) {
      reading = null;
      confirmations++;
      if (confirmations >= 2) {
        confirmedAt.set(now.nowNanos());
      }
    }
    if (confirmations >= 2 && isLastWordHeard() && now.over(confirmedAt, LAST_CHANCE)) {
      guard.started(now.nowNanos());
      closeTries = 0;
      sendClose();
      go(CLOSING);
    }
  }

  private void applyToClosing() {
    if (endedByCar()) {
      return;
    }
    Why obstacle = obstacles.charging();
    if (obstacle != null) {
      stop(obstacle);
    } else if (contactor.overdue(now)) {
      // Whether it has closed is unknown: that counts as closed.
      open();
    } else if (isClosed()) {
      go(CHARGING);
    } else if (reading != null && isOpen()) {
      if (closeTries > 1) {
        latch(LatchedError.CONTACTOR_DISOBEYS);
        sendOpen();
        go(LOCKED);
      } else {
        seenOpenAfterClose.setIfNone(now.nowNanos());
      }
    }
    if (state == CLOSING && mayCloseAgain()) {
      sendClose();
    }
  }

  /** What was true before the first close must still be true before the second. */
  private boolean mayCloseAgain() {
    return now.over(seenOpenAfterClose, CLOSE_AGAIN)
        && askedInARow >= 2
        && pilotSignal.offering(now, OFFER_SETTLED)
        && isLastWordHeard()
        && now.over(heard, LAST_CHANCE);
  }

  /** Whether the charger has had nothing to tell since the readings; asks it if need be. */
  private boolean isLastWordHeard() {
    Command.Ping ping = lastWord.ask();
    if (ping != null) {
      command(ping);
    }
    return lastWord.isHeard();
  }

  private void applyToCharging() {
    if (isOpen()) {
      noteOpening();
      deviated();
      go(WAITING);
      return;
    }
    if (endedByCar()) {
      return;
    }
    Why obstacle = obstacles.charging();
    if (obstacle != null) {
      stop(obstacle);
    }
  }

  /** Whether the car has stopped drawing, or a notification can only mean that: then open first. */
  private boolean endedByCar() {
    if (notified && settings.openOnNotify()) {
      boolean unasked = state != STOPPING;
      open();
      openedUnasked = unasked;
      return true;
    }
    if (vehicle.asksForPower()) {
      return false;
    }
    if (state != STOPPING) {
      vehicle.leftByItself(now.nowNanos());
    }
    open();
    return true;
  }

  private void applyToStopping() {
    if (isOpen()) {
      noteStopped();
      go(WAITING);
      return;
    }
    if (endedByCar()) {
      return;
    }
    Mark sinceAck =
        pilotSignal.is(DutyCycle.NO_OFFER)
                && pilotSignal.since().ageNanos(now.nowNanos())
                    < stoppingSince.ageNanos(now.nowNanos())
            ? pilotSignal.since()
            : stoppingSince;
    boolean patienceOver =
        (pilotSignal.is(DutyCycle.NO_OFFER) && now.over(sinceAck, settings.stopTimeout()))
            || now.over(stoppingSince, settings.stopTimeout().plus(UNACKNOWLEDGED_STOP));
    if (idleReadings >= 2 || contactor.overdue(now)) {
      open();
    } else if (patienceOver) {
      openingsUnderLoad++;
      open();
    }
  }

  private void applyToOpening() {
    if (reading != null && !reading.contactorClosed() && isOpen()) {
      if (openedUnasked) {
        vehicle.leftByItself(now.nowNanos());
      }
      noteStopped();
      go(WAITING);
    } else if (reading != null && isClosed()) {
      reading = null;
      disobeyed++;
      sendOpen();
      if (disobeyed >= MOST_DISOBEYED) {
        latch(LatchedError.CONTACTOR_DISOBEYS);
        go(LOCKED);
      }
    } else if (contactor.overdue(now)) {
      if (contactor.unanswered() > 1) {
        leave(Command.CloseReason.NO_RESPONSE);
      } else {
        sendOpen();
      }
    }
  }

  private void applyToWaking() {
    if (obstacles.starting(now) != null) {
      go(WAITING);
    } else if (wakeUp.ended(pilotSignal, now)) {
      go(OFFERED);
    }
  }

  private void applyToLocked() {
    if (latches.isEmpty()) {
      go(WAITING);
    } else if (!contactor.knownOpen() && !now.within(contactor.sentAt(), OPEN_AGAIN)) {
      sendOpen();
    }
  }

  // ---- actions ----------------------------------------------------------------------------------

  private void go(ControlState next) {
    if (!state.next().contains(next)) {
      throw new IllegalStateException(state + " must not become " + next);
    }
    boolean offered = state.offers() || state == WAKING;
    if (next == OFFERED) {
      wakeUp.offered(now.nowNanos());
    } else if (offered && !next.offers() && next != WAKING) {
      wakeUp.withdrawn(now.nowNanos());
    }
    freshlyPlugged = false;
    lastWord.forget();
    state = next;
  }

  /** Ends charging gracefully: the offer first, so that the contactor opens without load. */
  private void stop(@Nullable Why reason) {
    stoppedByLimit = Obstacles.delaysRestart(reason);
    stoppingSince.set(now.nowNanos());
    idleReadings = 0;
    go(STOPPING);
    collects.ask();
  }

  /** Opens the contactor now; the offer ends when that is acknowledged. */
  private void open() {
    disobeyed = 0;
    openedUnasked = false;
    sendOpen();
    if (state == STOPPING && stoppedByLimit) {
      guard.openedByLimit(now.nowNanos());
    } else if (state != STOPPING) {
      stoppedByLimit = false;
    }
    go(OPENING);
  }

  private void command(Command command) {
    commands.add(command);
    acted = true;
  }

  private void sendOpen() {
    command(new Command.SetContactor(false));
    contactor.sent(false, now.nowNanos());
    noteOpening();
  }

  private void sendClose() {
    closeTries++;
    seenOpenAfterClose.clear();
    lastWord.forget();
    command(new Command.SetContactor(true));
    contactor.sent(true, now.nowNanos());
    memoryChanged = true;
  }

  private void sendPwm(int percent) {
    Integer offered = pilotSignal.offeredDeciamps();
    boolean urgent = offered == null || DutyCycle.deciampsOffered(percent) < offered;
    command(new Command.SetPwm(percent, urgent));
    pilotSignal.sent(percent, now.nowNanos());
  }

  /** Gives a session up: what may still draw is switched off, unheard. */
  private void leave(Command.CloseReason reason) {
    if (state == UNKNOWN && reason == Command.CloseReason.NO_READINGS) {
      // Nothing is known of this charger: it is left as it was found, to its own fail-safe.
    } else if (!contactor.knownOpen()) {
      sendPwm(DutyCycle.NO_OFFER);
      sendOpen();
    } else if (!pilotSignal.is(DutyCycle.NO_OFFER)) {
      sendPwm(DutyCycle.NO_OFFER);
    }
    command(new Command.CloseSession(reason));
    disconnected();
  }

  private void noteOpening() {
    guard.opened(now.nowNanos());
    memoryChanged = true;
  }

  /** An opening is confirmed: delays count from here. */
  private void noteStopped() {
    noteOpening();
    if (stoppedByLimit) {
      guard.openedByLimit(now.nowNanos());
    }
    stoppedByLimit = false;
    openedUnasked = false;
  }

  private void latch(LatchedError error) {
    memoryChanged |= latches.add(error);
  }

  private void deviated() {
    if (foreignControl.deviated(now.nowNanos())) {
      latch(LatchedError.FOREIGN_CONTROL);
    }
  }

  private boolean isClosed() {
    return Boolean.TRUE.equals(contactor.closed()) && !contactor.awaitsAck();
  }

  private boolean isOpen() {
    return Boolean.FALSE.equals(contactor.closed()) && !contactor.awaitsAck();
  }

  private boolean mayBeDrawing() {
    return state == CLOSING || state == CHARGING || state == STOPPING;
  }

  // ---- after the rules --------------------------------------------------------------------------

  private void steerPilotSignal() {
    Integer percent =
        switch (state) {
          case OFFLINE, UNKNOWN -> null;
          case IDLE, WAITING, STOPPING, FAULT, LOCKED, FIRMWARE ->
              pilotSignal.toward(DutyCycle.NO_OFFER, now);
          case OPENING ->
              contactor.awaitsAck() ? null : pilotSignal.toward(DutyCycle.NO_OFFER, now);
          case WAKING -> pilotSignal.toward(wakeUp.percent(), now);
          // An offer that is to end for a set-point waits for its slot, and stays until then.
          case OFFERED, CONFIRM, CLOSING, CHARGING ->
              obstacles.charging() != null
                  ? null
                  : pilotSignal.towardOffer(
                      DutyCycle.percentFor(allowance.deciamps()),
                      DutyCycle.percentFor(allowance.protectiveDeciamps()),
                      state != CONFIRM,
                      now);
        };
    if (percent != null) {
      sendPwm(percent);
      if (state == CONFIRM) {
        go(OFFERED);
      }
    }
  }

  private void leaveWhenStopping() {
    if (!bridgeStopping.isSet() || state == OFFLINE) {
      return;
    }
    if (settings.onStop() == ControlSettings.OnStop.LEAVE) {
      commands.clear();
      command(new Command.CloseSession(Command.CloseReason.BRIDGE_STOPPING));
      disconnected();
      return;
    }
    boolean safe = state.open() && contactor.knownOpen() && pilotSignal.is(DutyCycle.NO_OFFER);
    if (safe || now.over(bridgeStopping, settings.stopTimeout().plus(LEAVE_AFTER))) {
      leave(Command.CloseReason.BRIDGE_STOPPING);
    }
  }

  private void collect() {
    if (state == OFFLINE || state == FIRMWARE) {
      return;
    }
    boolean often =
        state == STOPPING
            || state == OPENING
            || protection.suspects()
            || (state == LOCKED && vehicle.absent());
    if (collects.due(!contactor.knownOpen(), often, now)) {
      command(new Command.Collect());
    }
  }

  private ControlStatus status() {
    Why why = reasons.of(state, now);
    OptionalLong startAt =
        why == Why.MIN_OFF || why == Why.RESTART_DELAY || why == Why.TOO_MANY_STARTS
            ? guard.readyAtNanos(now.nowNanos())
            : OptionalLong.empty();
    boolean currents = settings.current().complete();
    return new ControlStatus(
        state,
        why,
        why == null ? null : Reasons.sentence(why, allowance.limitedBy(), settings),
        setPoints.enabled(),
        setPoints.limitDeciamps(),
        allowance.deciamps(),
        allowance.limitedBy(),
        pilotSignal.offeredDeciamps(),
        allowance.maxDeciamps(),
        vehicle.cableDeciamps(),
        vehicle.pilot(),
        vehicle.asksForPower() && Boolean.TRUE.equals(contactor.closed()),
        contactor.closed(),
        latches.all(),
        life.status(),
        new ControlStatus.ProtectionStatus(currents, currents, settings.voltage().complete()),
        startAt,
        contactor.switchings(),
        openingsUnderLoad);
  }
}
