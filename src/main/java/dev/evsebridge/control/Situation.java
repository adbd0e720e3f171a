package dev.evsebridge.control;

import static dev.evsebridge.control.ControlState.CHARGING;
import static dev.evsebridge.control.ControlState.CLOSING;
import static dev.evsebridge.control.ControlState.FIRMWARE;
import static dev.evsebridge.control.ControlState.OFFERED;
import static dev.evsebridge.control.ControlState.OFFLINE;
import static dev.evsebridge.control.ControlState.OPENING;
import static dev.evsebridge.control.ControlState.STOPPING;
import static dev.evsebridge.control.ControlState.UNKNOWN;
import static dev.evsebridge.control.ControlState.WAKING;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a controller knows of its charger and has decided so far, and the actions that its rules
 * have in common. Its classes of rules share it; nobody else sees it.
 */
final class Situation {
  /** The car must have had the offer for so long before its wish counts. */
  static final Duration OFFER_SETTLED = Duration.ofSeconds(1);

  /**
   * A collect blinds the charger, and the 0.5 s that it waits before telling that the car went back
   * run only afterwards: in this time it would tell.
   */
  static final Duration LAST_CHANCE = Duration.ofMillis(100);

  final ControlSettings settings;
  final SetPoints setPoints;
  final ControlLife life;
  final StartGuard guard;
  final Protection protection;
  final PilotSignal pilotSignal;
  final Contactor contactor = new Contactor();
  final Vehicle vehicle;
  final WakeUp wakeUp;
  final Collects collects;
  final ForeignControl foreignControl = new ForeignControl();
  final Uptime uptime = new Uptime();
  final Latches latches = new Latches();
  final LastWord lastWord = new LastWord();
  final UnreadConnections unreadConnections = new UnreadConnections();
  final Obstacles obstacles;

  ControlState state = OFFLINE;
  boolean stoppedByLimit;
  boolean openedUnasked;
  boolean freshlyPlugged;
  boolean openBeforeLoss;
  boolean firmwareSent;
  int askedInARow;
  int closeTries;
  int disobeyed;
  int idleReadings;
  long openingsUnderLoad;
  final Mark heard = new Mark();
  final Mark seenOpenAfterClose = new Mark();
  final Mark stoppingSince = new Mark();
  final Mark bridgeStopping = new Mark();

  // What belongs to the step that is being taken.
  Moment now;
  List<Command> commands = new ArrayList<>();
  Event.@Nullable Reading reading;
  Event.@Nullable Reading lastReading;
  boolean notified;
  boolean acted;
  boolean memoryChanged;
  @Nullable String refusal;
  Allowance allowance;

  /** Nothing is known but what an earlier run has left. */
  Situation(ControlSettings settings, ControlMemory memory, long nowNanos) {
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
    setPoints.restore(memory);
    guard.restore(memory, nowNanos);
    contactor.restore(memory.switchings());
    openingsUnderLoad = memory.openingsUnderLoad();
    latches.restore(memory);
    now = new Moment(nowNanos);
    allowance = obstacles.allowance();
  }

  /** A step begins. */
  void begin(long nowNanos) {
    now = new Moment(nowNanos);
    commands = new ArrayList<>();
    reading = null;
    notified = false;
    memoryChanged = false;
    refusal = null;
  }

  void disconnected() {
    if (state == OFFLINE) {
      return;
    }
    firmwareSent |= state == FIRMWARE;
    if (state != UNKNOWN) {
      openBeforeLoss = contactor.knownOpen();
    }
    unreadConnections.disconnected(now.nowNanos());
    go(OFFLINE);
    forgetSession();
  }

  void forgetSession() {
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

  void go(ControlState next) {
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
  void stop(@Nullable Why reason) {
    stoppedByLimit = Obstacles.delaysRestart(reason);
    stoppingSince.set(now.nowNanos());
    idleReadings = 0;
    go(STOPPING);
    collects.ask();
  }

  /** Opens the contactor now; the offer ends when that is acknowledged. */
  void open() {
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

  void command(Command command) {
    commands.add(command);
    acted = true;
  }

  void sendOpen() {
    command(new Command.SetContactor(false));
    contactor.sent(false, now.nowNanos());
    noteOpening();
  }

  void sendClose() {
    closeTries++;
    seenOpenAfterClose.clear();
    lastWord.forget();
    command(new Command.SetContactor(true));
    contactor.sent(true, now.nowNanos());
    memoryChanged = true;
  }

  void sendPwm(int percent) {
    Integer offered = pilotSignal.offeredDeciamps();
    boolean urgent = offered == null || DutyCycle.deciampsOffered(percent) < offered;
    command(new Command.SetPwm(percent, urgent));
    pilotSignal.sent(percent, now.nowNanos());
  }

  /** Gives a session up: what may still draw is switched off, unheard. */
  void leave(Command.CloseReason reason) {
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

  void noteOpening() {
    guard.opened(now.nowNanos());
    memoryChanged = true;
  }

  /** An opening is confirmed: delays count from here. */
  void noteStopped() {
    noteOpening();
    if (stoppedByLimit) {
      guard.openedByLimit(now.nowNanos());
    }
    stoppedByLimit = false;
    openedUnasked = false;
  }

  void latch(LatchedError error) {
    memoryChanged |= latches.add(error);
  }

  void deviated() {
    if (foreignControl.deviated(now.nowNanos())) {
      latch(LatchedError.FOREIGN_CONTROL);
    }
  }

  boolean isClosed() {
    return Boolean.TRUE.equals(contactor.closed()) && !contactor.awaitsAck();
  }

  boolean isOpen() {
    return Boolean.FALSE.equals(contactor.closed()) && !contactor.awaitsAck();
  }

  boolean mayBeDrawing() {
    return state == CLOSING || state == CHARGING || state == STOPPING;
  }

  /** Whether the charger has had nothing to tell since the readings; asks it if need be. */
  boolean isLastWordHeard() {
    Command.Ping ping = lastWord.ask();
    if (ping != null) {
      command(ping);
    }
    return lastWord.isHeard();
  }
}
