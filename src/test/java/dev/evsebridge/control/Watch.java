package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks what a controller does against the rules, from nothing but the events and commands that it
 * sees go by.
 */
final class Watch {
  private static final long LONG_AGO = -10_000_000L;

  private final Simulation simulation;
  private final ControlSettings settings;
  private final Set<String> transitions = new java.util.TreeSet<>();

  private @Nullable ControlStatus before;
  private boolean enabled;
  private int limit;
  private boolean adoptable;
  private boolean brokerLost;
  private @Nullable PilotVoltage pilot;
  private @Nullable PilotVoltage pilotBefore;
  private long lastReadingMillis;
  private boolean notified;
  private int pwm = -1;
  private long pwmSinceMillis;
  private int aim = -1;
  private int cable = -1;
  private long openingMillis = LONG_AGO;
  private long openingByLimitMillis = LONG_AGO;
  private boolean stoppedByLimit;
  private boolean openPending;
  private boolean closePending;
  private @Nullable Boolean seenClosed;
  private boolean collectOutstanding;
  private long collectMillis = LONG_AGO;
  private boolean collectedWhileClosed;
  private long failedMillis = LONG_AGO;
  private long offerChangeMillis = LONG_AGO;
  private long stoppingMillis;
  private long exceedsMillis = -1;
  private int lowReadings;
  private int pingsAnswered;
  private final Deque<Long> starts = new ArrayDeque<>();
  private int closings;
  private int adoptions;
  private boolean closeEmitted;
  private Set<LatchedError> remembered = EnumSet.noneOf(LatchedError.class);

  Watch(Simulation simulation, ControlSettings settings) {
    this.simulation = simulation;
    this.settings = settings;
  }

  int closings() {
    return closings;
  }

  int adoptions() {
    return adoptions;
  }

  Set<String> transitions() {
    return transitions;
  }

  boolean enabled() {
    return enabled;
  }

  /** A new controller has taken over what the last one left. */
  void restarted(ControlMemory memory) {
    if (before != null) {
      // What a restart must keep.
      Boolean kept = memory.enabled();
      assertTrue(kept == null || kept == enabled, "enabled survives");
      assertTrue(
          memory.limitDeciamps() == null || memory.limitDeciamps() == limit, "limit survives");
      for (LatchedError error : before.errors()) {
        assertTrue(
            !error.persistent() || memory.latches().contains(error), () -> error + " survives");
      }
    }
    Boolean kept = memory.enabled();
    enabled = kept == null ? settings.initialEnabled() : kept;
    Integer keptLimit = memory.limitDeciamps();
    limit = keptLimit == null ? settings.initialLimitDeciamps() : keptLimit;
    adoptable = kept == null && keptLimit == null;
    brokerLost = false;
    before = null;
    remembered = memory.latches();
    forgetSession();
  }

  /** A command for the contactor reaches the wire. */
  void written(Command.SetContactor command) {
    assertFalse(
        command.closed() && !closeEmitted, "an overtaken close must not be written after an open");
  }

  void step(Event event, Step step, ChargeController controller) {
    long now = simulation.nowMillis();
    learn(event, now);
    ControlStatus status = step.status();
    checkStatus(status);
    ControlState state = before == null ? ControlState.OFFLINE : before.state();
    boolean first = true;
    for (Command command : step.commands()) {
      if (command instanceof Command.SetContactor contactor) {
        if (contactor.closed()) {
          checkClose(now, status, state);
        } else {
          checkOpen(event, step, state, now);
        }
        noteContactor(contactor, state, now);
      } else if (command instanceof Command.SetPwm set) {
        checkPwm(set, status, state, now);
      } else if (command instanceof Command.Collect) {
        checkCollect(status, now);
      }
      if (first) {
        checkOpensFirst(event, command, state);
        first = false;
      }
    }
    if (first) {
      checkOpensFirst(event, null, state);
    }
    checkPolled(status, now);
    checkAdoption(event, step, state);
    checkLatches(event, status);
    checkOffer(status, now);
    checkDeadline(step, now);
    if (status.state() != state) {
      transitions.add(state + ">" + status.state());
      if (status.state() == ControlState.STOPPING) {
        stoppingMillis = now;
        stoppedByLimit =
            status.why() == Why.CONTROL_SILENT
                || status.why() == Why.BROKER_LOST
                || (status.why() == Why.STOPPING && enabled && limit < settings.minDeciamps());
        lowReadings = 0;
      }
    }
    if (status.state() == ControlState.OFFLINE) {
      forgetSession();
    }
    before = status;
  }

  // ---- what goes by -----------------------------------------------------------------------------

  private void learn(Event event, long now) {
    if (event instanceof Event.SetPoint set) {
      enabled = set.enabled() == null ? enabled : set.enabled();
      limit = set.limitDeciamps() == null ? limit : set.limitDeciamps();
      adoptable = false;
    } else if (event instanceof Event.BrokerLost) {
      brokerLost = true;
    } else if (event instanceof Event.BrokerBack) {
      brokerLost = false;
    } else if (event instanceof Event.Connected
        || event instanceof Event.Disconnected
        || (event instanceof Event.FirmwareEnded
            && before != null
            && before.state() == ControlState.FIRMWARE)) {
      forgetSession();
    } else if (event instanceof Event.Notified) {
      notified = true;
      pingsAnswered = 0;
    } else if (event instanceof Event.Acked acked) {
      if (acked.command() instanceof Command.Ping) {
        pingsAnswered++;
      } else if (acked.command() instanceof Command.SetPwm set) {
        learnPwm(set.percent(), now);
      } else if (acked.command() instanceof Command.SetContactor contactor) {
        if (contactor.closed()) {
          closePending = false;
        } else {
          openPending = false;
          closePending = false;
          openingMillis = now;
        }
      }
    } else if (event instanceof Event.CommandFailed failed
        && failed.command() instanceof Command.Collect) {
      collectOutstanding = false;
      failedMillis = now;
    } else if (event instanceof Event.Reading reading) {
      learn(reading, now);
    }
  }

  private void learn(Event.Reading reading, long now) {
    collectOutstanding = false;
    learnPwm(reading.pwmPercent(), now);
    if (seenClosed != null && seenClosed && !reading.contactorClosed()) {
      openingMillis = now;
    }
    if (!reading.contactorClosed()) {
      openPending = false;
    } else {
      closePending = false;
    }
    seenClosed = reading.contactorClosed();
    pilotBefore = pilot;
    pilot = reading.pilot();
    lastReadingMillis = now;
    if (!asks(pilotBefore) || !asks(pilot)) {
      pingsAnswered = 0;
    }
    notified = false;
    int rated =
        switch (reading.proximity()) {
          case AMP_13 -> 130;
          case AMP_20 -> 200;
          case AMP_32 -> 320;
          case NO_CABLE -> -1;
        };
    if (reading.pilot() == PilotVoltage.VOLT_12) {
      cable = rated;
      openingByLimitMillis = LONG_AGO;
    } else if (rated > 0) {
      cable = cable < 0 ? rated : Math.min(cable, rated);
    }
    boolean low =
        settings.current().complete()
            && reading.contactorClosed()
            && reading.milliamps().highest() < 1_000;
    lowReadings = low ? lowReadings + 1 : 0;
    if (reading.proximity() == ProximityPilot.NO_CABLE
        && reading.pilot() != PilotVoltage.VOLT_12
        && reading.pilot() != PilotVoltage.FAULT) {
      cableMissing = true;
    } else {
      cableMissing = false;
    }
  }

  private boolean cableMissing;

  private void learnPwm(int percent, long now) {
    pwmPending &= percent != aim;
    if (pwm != percent) {
      pwm = percent;
      pwmSinceMillis = now;
    }
  }

  private void forgetSession() {
    pilot = null;
    pilotBefore = null;
    pwm = -1;
    pwmPending = false;
    aim = -1;
    cable = -1;
    seenClosed = null;
    openPending = false;
    closePending = false;
    closeEmitted = false;
    collectOutstanding = false;
    collectMillis = simulation.nowMillis();
    collectedWhileClosed = false;
    exceedsMillis = -1;
    lowReadings = 0;
    cableMissing = false;
  }

  private void noteContactor(Command.SetContactor contactor, ControlState state, long now) {
    if (contactor.closed()) {
      closePending = true;
      closeEmitted = true;
      pingsAnswered = 0;
      if (state != ControlState.CLOSING) {
        starts.addLast(now);
        closings++;
      }
    } else {
      openPending = true;
      closeEmitted = false;
      openingMillis = now;
    }
  }

  // ---- the rules --------------------------------------------------------------------------------

  private boolean asks(@Nullable PilotVoltage value) {
    return value == PilotVoltage.VOLT_6
        || (value == PilotVoltage.VOLT_3 && settings.ventilationAllowed());
  }

  private boolean fallback(ControlStatus status) {
    return (brokerLost && settings.brokerLoss() == ControlSettings.BrokerLoss.FALLBACK)
        || status.life() == LifeSign.SILENT;
  }

  /** The smallest of all limits but the set-point. */
  private int protective(ControlStatus status) {
    int most = settings.maxDeciamps();
    most = fallback(status) ? Math.min(most, settings.fallbackDeciamps()) : most;
    boolean present = pilot != PilotVoltage.VOLT_12 && pilot != PilotVoltage.FAULT && pilot != null;
    if (settings.fixedCableDeciamps() != 0) {
      return Math.min(most, settings.fixedCableDeciamps());
    }
    if (present) {
      most = cableMissing || cable < 0 ? 0 : Math.min(most, cable);
    }
    return most;
  }

  private void checkStatus(ControlStatus status) {
    assertEquals(
        status.state() == ControlState.CHARGING, status.why() == null, () -> "why in " + status);
    assertEquals(status.why() == null, status.whyText() == null, "why and its sentence");
    if (status.why() == Why.DISABLED) {
      assertFalse(enabled, "disabled is true");
    }
    if (status.why() == Why.NO_VEHICLE) {
      assertEquals(PilotVoltage.VOLT_12, status.pilot(), "no_vehicle is true");
    }
    if (status.why() == Why.CAR_NOT_ASKING) {
      assertTrue(aimOffers(status), "car_not_asking only with an offer");
    }
  }

  private boolean aimOffers(ControlStatus status) {
    Integer offered = status.offeredDeciamps();
    return offered != null && offered > 0;
  }

  private void checkClose(long now, ControlStatus status, ControlState state) {
    assertTrue(asks(pilot), () -> "closes only when the newest reading says C, not " + pilot);
    assertTrue(asks(pilotBefore), () -> "closes only when two readings say C, not " + pilotBefore);
    assertFalse(notified, "a notification after the second reading cancels the close");
    assertTrue(pingsAnswered >= 2, "closes only after two pings have told that nothing was told");
    assertTrue(now - lastReadingMillis >= 100, "waits 100 ms for a notification before it closes");
    assertTrue(DutyCycle.offers(pwm), () -> "closes only with an offer, not " + pwm);
    assertTrue(now - pwmSinceMillis >= 1_000, "closes only when the offer is 1 s old");
    assertTrue(enabled, "closes only when enabled");
    assertTrue(limit >= settings.minDeciamps(), "closes only above the minimum");
    assertTrue(
        protective(status) >= settings.minDeciamps(), "closes only when something is allowed");
    assertTrue(status.errors().isEmpty(), () -> "closes never with " + status.errors());
    long minOffMillis = Math.max(10_000, settings.minOff().toMillis());
    assertTrue(
        now - openingMillis >= minOffMillis,
        () -> "closes only after min_off, not after " + (now - openingMillis));
    if (state != ControlState.CLOSING) {
      assertTrue(
          now - openingByLimitMillis >= settings.restartDelay().toMillis(),
          "closes only after restart_delay");
      while (!starts.isEmpty() && now - starts.getFirst() >= 3_600_000) {
        starts.removeFirst();
      }
      assertTrue(
          settings.startsPerHour() == 0 || starts.size() < settings.startsPerHour(),
          "starts are limited");
    }
  }

  private void checkOpen(Event event, Step step, ControlState state, long now) {
    boolean drawing = state == ControlState.CHARGING || state == ControlState.STOPPING;
    boolean left =
        event instanceof Event.Reading reading
            && !(reading.pilot() == PilotVoltage.VOLT_6 || reading.pilot() == PilotVoltage.VOLT_3);
    boolean hard =
        state == ControlState.CHARGING
            && step.status().errors().contains(LatchedError.OVERCURRENT)
            && event instanceof Event.Reading;
    boolean leaves = step.commands().stream().anyMatch(Command.CloseSession.class::isInstance);
    boolean notification = event instanceof Event.Notified && settings.openOnNotify();
    if (state == ControlState.STOPPING && stoppedByLimit) {
      openingByLimitMillis = now;
    }
    if (!drawing || left || hard || leaves || notification || closePending) {
      return;
    }
    long sinceMillis = now - Math.max(stoppingMillis, pwm == 100 ? pwmSinceMillis : 0);
    long timeoutMillis = settings.stopTimeout().toMillis();
    assertEquals(ControlState.STOPPING, state, "opens only after a graceful stop");
    assertTrue(
        pwm == 100
            ? sinceMillis >= timeoutMillis
                || lowReadings >= 2
                || now - stoppingMillis >= timeoutMillis + 1_000
            : now - stoppingMillis >= timeoutMillis + 1_000,
        "opens only when the car has stopped or was given its time");
  }

  private void checkOpensFirst(Event event, @Nullable Command command, ControlState state) {
    if (!(event instanceof Event.Reading reading)
        || !reading.contactorClosed()
        || state == ControlState.OFFLINE
        || state == ControlState.FIRMWARE) {
      return;
    }
    boolean left = reading.pilot() != PilotVoltage.VOLT_6 && reading.pilot() != PilotVoltage.VOLT_3;
    boolean disobeys = before != null && before.errors().contains(LatchedError.CONTACTOR_DISOBEYS);
    boolean underWay = openPendingBefore(command) || (state == ControlState.LOCKED && disobeys);
    if (left && !underWay) {
      assertEquals(
          new Command.SetContactor(false),
          command,
          () -> "opens first when the car has left C, " + state);
    }
  }

  /** An open is on its way, and it is not the one of this step. */
  private boolean openPendingBefore(@Nullable Command command) {
    return openPending && !new Command.SetContactor(false).equals(command);
  }

  private void checkPwm(Command.SetPwm set, ControlStatus status, ControlState state, long now) {
    int percent = set.percent();
    if (percent == 0) {
      assertEquals(ControlState.WAKING, status.state(), "0 % only to wake a car");
      assertEquals(false, seenClosed, "0 % only with the contactor open");
      assertFalse(closePending, "0 % only with the contactor confirmed open");
    } else {
      assertTrue(percent == 100 || DutyCycle.offers(percent), () -> "never sends " + percent);
    }
    int offered = DutyCycle.deciampsOffered(percent);
    if (offered > 0) {
      assertTrue(
          offered <= protective(status), () -> "offers " + offered + ", never above " + status);
      assertTrue(
          adopted(status) || offered <= limit, () -> "offers " + offered + ", limit " + limit);
    }
    boolean raises = DutyCycle.offers(aim) && offered > DutyCycle.deciampsOffered(aim);
    boolean repeats = aim == percent;
    if (raises && pwm == aim && !pwmPending && state.offers()) {
      assertTrue(
          now - offerChangeMillis >= settings.pwmInterval().toMillis(),
          () -> "raises for set-points wait for their slot: " + aim + " to " + percent);
    }
    if (!repeats) {
      if (DutyCycle.offers(percent)) {
        offerChangeMillis = now;
      }
    }
    aim = percent;
    pwmPending = true;
  }

  private boolean pwmPending;

  private boolean adopted(ControlStatus status) {
    return adoptable || status.limitDeciamps() != limit;
  }

  /** What is offered comes down at once where it protects something, in its slot for set-points. */
  private void checkOffer(ControlStatus status, long now) {
    int offered = Math.max(DutyCycle.deciampsOffered(aim), 0);
    if (status.state().offers() && DutyCycle.offers(aim)) {
      assertTrue(offered <= protective(status), () -> "the offer comes down at once: " + status);
      if (offered > limit && !adopted(status)) {
        exceedsMillis = exceedsMillis < 0 ? now : exceedsMillis;
        assertTrue(
            now - exceedsMillis <= settings.pwmInterval().toMillis() + 50,
            () -> "the offer comes down within an interval: " + status);
      } else {
        exceedsMillis = -1;
      }
    } else {
      exceedsMillis = -1;
    }
  }

  /** Nothing that may get lost is waited for without an end. */
  private void checkDeadline(Step step, long now) {
    ControlState state = step.status().state();
    if (state == ControlState.OFFLINE || state == ControlState.FIRMWARE) {
      return;
    }
    long deadlineMillis =
        step.deadlineNanos().isPresent()
            ? Math.floorDiv(step.deadlineNanos().getAsLong() - BridgeModel.BASE_NANOS, 1_000_000L)
            : Long.MAX_VALUE;
    long leftMillis = deadlineMillis - now;
    assertTrue(leftMillis > 0, "the deadline lies in the future");
    boolean switching = state == ControlState.OPENING || state == ControlState.CLOSING;
    Why why = step.status().why();
    // An offer that is to end for a set-point waits for its slot.
    boolean goesOn = why == null || why.compareTo(Why.STARTING) >= 0;
    boolean awaitsPwm = state.offers() && goesOn && DutyCycle.offers(aim) && pwmPending;
    long mostMillis =
        (switching && (openPending || closePending)) || awaitsPwm
            ? 2_000
            : Math.max(settings.poll().toMillis(), 6_000);
    assertTrue(leftMillis <= mostMillis, () -> "waits for " + leftMillis + " ms in " + state);
  }

  private void checkCollect(ControlStatus status, long now) {
    boolean closed = Boolean.TRUE.equals(status.contactorClosed());
    if (closed && collectedWhileClosed && !notified) {
      assertTrue(
          now - collectMillis >= 2_000, () -> "collects while closed lie 2 s apart: " + status);
    }
    collectedWhileClosed = closed;
    collectOutstanding = true;
    collectMillis = now;
  }

  private void checkPolled(ControlStatus status, long now) {
    if (status.state() == ControlState.OFFLINE
        || status.state() == ControlState.FIRMWARE
        || collectOutstanding) {
      if (status.state() == ControlState.FIRMWARE) {
        collectMillis = now;
      }
      return;
    }
    assertTrue(
        now - collectMillis <= settings.poll().toMillis() + 10 || now - failedMillis <= 1_010,
        () -> "a reading is asked for at least every poll: " + status);
  }

  private void checkAdoption(Event event, Step step, ControlState state) {
    if (state != ControlState.UNKNOWN
        || step.status().state() != ControlState.CHARGING
        || !(event instanceof Event.Reading reading)) {
      return;
    }
    adoptions++;
    for (Command command : step.commands()) {
      assertFalse(command instanceof Command.SetContactor, "adoption does not switch");
      if (command instanceof Command.SetPwm set) {
        assertTrue(
            DutyCycle.deciampsOffered(set.percent())
                < DutyCycle.deciampsOffered(reading.pwmPercent()),
            "adoption only lowers the offer");
      }
    }
  }

  private void checkLatches(Event event, ControlStatus status) {
    Set<LatchedError> had = EnumSet.noneOf(LatchedError.class);
    had.addAll(before == null ? remembered : before.errors());
    had.removeAll(status.errors());
    if (event instanceof Event.Reset) {
      return;
    }
    for (LatchedError error : had) {
      boolean unplugged =
          event instanceof Event.Reading reading
              && reading.pilot() == PilotVoltage.VOLT_12
              && (error == LatchedError.OVERCURRENT || error == LatchedError.PILOT_FAULT);
      assertTrue(
          unplugged || error == LatchedError.FOREIGN_CONTROL,
          () -> error + " is cleared by " + event);
    }
  }
}
