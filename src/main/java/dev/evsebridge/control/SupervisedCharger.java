package dev.evsebridge.control;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionObserver;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.Reading;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One charger without a charge controller, over all its sessions: tells its {@link Interlock} what
 * happens, carries out what that decides, and takes readings by itself where that is set. All of it
 * on the event loop of the charger's connection, without a route; a lock keeps apart what comes
 * from other threads. Nothing is waited for while it is held.
 */
final class SupervisedCharger implements SessionObserver {

  private static final Logger LOG = LoggerFactory.getLogger(SupervisedCharger.class);

  /** Is told of each opening by the bridge itself. */
  @FunctionalInterface
  interface Reporter {
    /**
     * Takes what was done; must not block.
     *
     * @param pilot the state of the control pilot in the last reading; null when not known
     */
    void opened(String clientId, InterlockAction.Kind action, @Nullable PilotVoltage pilot);
  }

  private final String clientId;
  private final Interlock interlock;
  private final Runnable openingSeen;
  private final long pollNanos;
  private final Reporter reporter;
  private final LongSupplier clockNanos;

  private @Nullable ChargerSession session;
  private @Nullable Future<?> timer;
  private long timerAtNanos;
  private @Nullable Future<?> nextPoll;
  private boolean polling;
  private long openedAtNanos;
  private boolean everOpened;

  /**
   * Creates it; the charger is not connected.
   *
   * @param openingAge how long ago an earlier run of the bridge has seen an opening; null for never
   * @param openingSeen is told of each opening, whoever ordered it; must not block
   */
  SupervisedCharger(
      String clientId,
      InterlockRules rules,
      Duration poll,
      @Nullable Duration openingAge,
      Runnable openingSeen,
      Reporter reporter,
      LongSupplier clockNanos) {
    this.clientId = clientId;
    this.interlock = new Interlock(rules);
    this.openingSeen = openingSeen;
    this.pollNanos = poll.toNanos();
    this.reporter = reporter;
    this.clockNanos = clockNanos;
    if (openingAge != null) {
      interlock.restoreOpening(openingAge, clockNanos.getAsLong());
      everOpened = true;
      openedAtNanos = interlock.openedAt().nanos();
    }
  }

  // ---- from its sessions ------------------------------------------------------------------------

  @Override
  public synchronized void connected(ChargerSession connected) {
    session = connected;
    dropTimers();
    on(interlock.connected(clockNanos.getAsLong()));
    pollNow();
  }

  @Override
  public synchronized void disconnected(ChargerSession ended) {
    if (session == ended) {
      session = null;
      dropTimers();
      on(interlock.disconnected(clockNanos.getAsLong()));
    }
  }

  @Override
  public synchronized void reading(ChargerSession from, Reading reading) {
    if (session == from) {
      Measurements measured = reading.measurements();
      on(
          interlock.reading(
              reading.contactorClosed(),
              reading.pwmPercent(),
              measured.pilotVoltage(),
              measured.proximityPilotAmps(),
              clockNanos.getAsLong()));
    }
  }

  @Override
  public synchronized void notified(ChargerSession from) {
    if (session == from) {
      on(interlock.notified(clockNanos.getAsLong()));
    }
  }

  @Override
  public synchronized void acknowledged(ChargerSession from, ChargerRequest command) {
    if (session != from) {
      return;
    }
    if (command instanceof ChargerRequest.SetContactorState contactor) {
      on(interlock.switched(contactor.closed(), clockNanos.getAsLong()));
    } else if (command instanceof ChargerRequest.SetPwmPercent pwm) {
      on(interlock.offered(pwm.percent(), clockNanos.getAsLong()));
    }
  }

  @Override
  public synchronized void failed(ChargerSession from, ChargerRequest command, ErrorCode code) {
    if (session == from && command instanceof ChargerRequest.SetContactorState contactor) {
      boolean perhapsDone = code == ErrorCode.TIMEOUT || code == ErrorCode.DISCONNECTED;
      on(interlock.switchFailed(contactor.closed(), perhapsDone, clockNanos.getAsLong()));
    }
  }

  // ---- from requests ----------------------------------------------------------------------------

  synchronized boolean needsReading(ChargerRequest request) {
    long nowNanos = clockNanos.getAsLong();
    if (request instanceof ChargerRequest.SetContactorState contactor) {
      return contactor.closed() && interlock.needsReadingToClose(nowNanos);
    }
    return request instanceof ChargerRequest.SetPwmPercent pwm
        && interlock.needsReadingToOffer(pwm.percent(), nowNanos);
  }

  /** Why a request is refused, as a sentence; null when it is not. */
  synchronized @Nullable String refusal(ChargerRequest request) {
    if (request instanceof ChargerRequest.SetContactorState contactor) {
      return contactor.closed() ? interlock.refusalToClose(clockNanos.getAsLong()) : null;
    }
    return request instanceof ChargerRequest.SetPwmPercent pwm
        ? interlock.refusalToOffer(pwm.percent())
        : null;
  }

  /** The same, at the moment at which it would go out; after null it does. */
  synchronized @Nullable String lastWord(ChargerRequest request) {
    String refusal = refusal(request);
    if (refusal == null
        && request instanceof ChargerRequest.SetContactorState contactor
        && contactor.closed()) {
      interlock.closing();
    }
    return refusal;
  }

  // ---- from other threads -----------------------------------------------------------------------

  /** Ends the charge gracefully, and keeps the contactor open until {@link #resume}. */
  synchronized void stop(String reason) {
    on(interlock.stop(reason, clockNanos.getAsLong()));
  }

  synchronized void resume() {
    on(interlock.resume(clockNanos.getAsLong()));
  }

  /** Whether a stop has nothing left to do. */
  synchronized boolean isStopped() {
    return interlock.isStopped();
  }

  /** Whether nothing would be lost if this charger were forgotten. */
  synchronized boolean isForgettable() {
    return !interlock.remembers();
  }

  /** Takes readings by itself from now on, or no longer. */
  synchronized void poll(boolean on) {
    if (polling != on) {
      polling = on;
      pollNow();
    }
  }

  /** The last word before the bridge ends: no timer is left. */
  synchronized void end() {
    polling = false;
    dropTimers();
  }

  // ---- what it does -----------------------------------------------------------------------------

  private void pollNow() {
    if (nextPoll != null) {
      nextPoll.cancel(false);
      nextPoll = null;
    }
    ChargerSession current = session;
    if (polling && current != null && pollNanos > 0) {
      var unused = current.submit(new ChargerRequest.CollectData(clientId));
      nextPoll = current.schedule(this::pollAgain, pollNanos);
    }
  }

  private synchronized void pollAgain() {
    nextPoll = null;
    pollNow();
  }

  private void on(Interlock.Step step) {
    noteOpening();
    ChargerSession current = session;
    if (current == null) {
      return;
    }
    step.deadlineNanos().ifPresent(this::setTimer);
    Interlock.Action done = step.done();
    if (done != null) {
      report(done);
    }
    for (Command command : step.commands()) {
      carryOut(command, current);
    }
  }

  private void noteOpening() {
    Mark opened = interlock.openedAt();
    if (opened.isSet() && !(everOpened && opened.nanos() == openedAtNanos)) {
      everOpened = true;
      openedAtNanos = opened.nanos();
      openingSeen.run();
    }
  }

  private void carryOut(Command command, ChargerSession current) {
    if (command instanceof Command.SetContactor contactor) {
      LOG.warn("Charger {}: opening the contactor; {}", clientId, pilot());
      var unused =
          current.submitUrgent(new ChargerRequest.SetContactorState(clientId, contactor.closed()));
    } else if (command instanceof Command.SetPwm pwm) {
      if (pwm.percent() != DutyCycle.NO_OFFER) {
        LOG.warn(
            "Charger {}: lowering the duty cycle to {} %: the cable carries no more",
            clientId, pwm.percent());
      }
      var unused = current.submitUrgent(new ChargerRequest.SetPwmPercent(clientId, pwm.percent()));
    } else if (command instanceof Command.Collect) {
      var unused = current.collectUrgently();
    }
  }

  private String pilot() {
    PilotVoltage pilot = interlock.pilot();
    return pilot == null
        ? "the state of its control pilot is not known"
        : "its control pilot shows " + pilot.name().toLowerCase(Locale.ROOT);
  }

  private void report(Interlock.Action done) {
    reporter.opened(
        clientId,
        switch (done) {
          case OPENED -> InterlockAction.Kind.OPENED;
          case OPENED_WITHOUT_READING -> InterlockAction.Kind.OPENED_WITHOUT_READING;
          case STOPPED -> InterlockAction.Kind.STOPPED;
        },
        interlock.pilot());
  }

  private void setTimer(long atNanos) {
    if (timer != null) {
      if (timerAtNanos - atNanos <= 0) {
        // Looks once more than is needed.
        return;
      }
      timer.cancel(false);
    }
    ChargerSession current = session;
    if (current != null) {
      timerAtNanos = atNanos;
      timer = current.schedule(this::timeIsUp, Math.max(0, atNanos - clockNanos.getAsLong()));
    }
  }

  private synchronized void timeIsUp() {
    timer = null;
    on(interlock.tick(clockNanos.getAsLong()));
  }

  private void dropTimers() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    if (nextPoll != null) {
      nextPoll.cancel(false);
      nextPoll = null;
    }
  }
}
