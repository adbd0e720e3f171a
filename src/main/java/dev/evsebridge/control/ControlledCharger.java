package dev.evsebridge.control;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionObserver;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.OptionalLong;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One charger under control, over all its sessions: tells its controller what happens, and carries
 * out what that decides. What comes from the charger is decided and carried out on the event loop
 * of its connection, without a hop to another thread and without a route. Set-points are decided on
 * other threads, which a lock keeps apart, and carried out on the event loop as well. Nothing is
 * waited for while the lock is held.
 */
final class ControlledCharger implements SessionObserver {

  private static final Logger LOG = LoggerFactory.getLogger(ControlledCharger.class);

  /** A command that has waited so long for its response no longer holds up the next one. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Where timers run while the charger is not connected. */
  @FunctionalInterface
  interface Timers {
    Future<?> schedule(Runnable task, long delayNanos);
  }

  /** Takes what a charger's controller has come to; must not block. */
  @FunctionalInterface
  interface Clerk {
    /**
     * Stores the memory, if there is one, and then makes the status known.
     *
     * @param memory what must be on the disk before the status is published; null when nothing in
     *     it has changed
     */
    void take(ControlledCharger charger, ControlStatus status, @Nullable ControlMemory memory);
  }

  private final SerialNumber serialNumber;
  private final String clientId;
  private final ControlSettings settings;
  private final ChargeController controller;
  private final Timers timers;
  private final Clerk clerk;
  private final LongSupplier clockNanos;
  private final ArrayDeque<Event> events = new ArrayDeque<>(2);
  private final ArrayDeque<Command> commands = new ArrayDeque<>(2);

  private boolean deciding;

  /** Sessions that are announced and have not ended; a replaced one ends after its successor. */
  private int announced;

  private @Nullable ChargerSession session;
  private @Nullable Command underWay;
  private long sentAtNanos;
  private @Nullable Future<?> timer;
  private long timerAtNanos;
  private long openingsUnderLoad;
  private boolean stored;
  private @Nullable String refusal;
  private volatile @Nullable ControlStatus status;

  ControlledCharger(
      SerialNumber serialNumber,
      String clientId,
      ControlSettings settings,
      ControlMemory memory,
      boolean stored,
      Timers timers,
      Clerk clerk,
      LongSupplier clockNanos) {
    this.serialNumber = serialNumber;
    this.clientId = clientId;
    this.settings = settings;
    this.controller = new ChargeController(settings, memory, clockNanos.getAsLong());
    this.timers = timers;
    this.clerk = clerk;
    this.clockNanos = clockNanos;
    this.openingsUnderLoad = memory.openingsUnderLoad();
    this.stored = stored;
  }

  SerialNumber serialNumber() {
    return serialNumber;
  }

  String clientId() {
    return clientId;
  }

  /** What the controller has come to last; null before its first event. */
  @Nullable ControlStatus status() {
    return status;
  }

  /** Whether a connection has this charger now. */
  synchronized boolean isConnected() {
    return session != null;
  }

  /**
   * Has the controller decide what follows from an event, and carries it out.
   *
   * @return why a reset or an upload is refused, as a sentence; null when it is not
   */
  synchronized @Nullable String on(Event event) {
    events.add(event);
    if (deciding) {
      // The end of a command that was tried from in here: it is taken next.
      return null;
    }
    refusal = null;
    deciding = true;
    try {
      for (Event next = events.poll(); next != null; next = events.poll()) {
        decide(next);
      }
    } finally {
      deciding = false;
    }
    return refusal;
  }

  private void decide(Event event) {
    long nowNanos = clockNanos.getAsLong();
    Step step = controller.on(event, nowNanos);
    for (Command command : step.commands()) {
      queue(command);
    }
    sendNext();
    step.refusal().ifPresent(reason -> refusal = reason);
    setTimer(step.deadlineNanos(), nowNanos);
    tellOpeningUnderLoad(step.status());
    status = step.status();
    // From its first reading on a charger is known, and takes set-points while it is away.
    boolean toStore = step.memoryChanged() || (!stored && event instanceof Event.Reading);
    stored |= toStore;
    clerk.take(this, step.status(), toStore ? controller.memory(nowNanos) : null);
  }

  private void tellOpeningUnderLoad(ControlStatus now) {
    if (now.openingsUnderLoad() > openingsUnderLoad) {
      openingsUnderLoad = now.openingsUnderLoad();
      LOG.warn(
          "Charger {}: opened the contactor under load: the car had not stopped drawing in time",
          clientId);
    }
  }

  private void queue(Command command) {
    if (command instanceof Command.Collect) {
      collect(command);
      return;
    }
    if (command instanceof Command.Ping) {
      ping(command);
      return;
    }
    commands.removeIf(command::withdraws);
    if (!command.urgent()) {
      commands.addLast(command);
      return;
    }
    if (opens(command)) {
      commands.addFirst(command);
      return;
    }
    // Before all that are not urgent, in the order of the urgent ones.
    ArrayDeque<Command> others = new ArrayDeque<>();
    for (Iterator<Command> waiting = commands.iterator(); waiting.hasNext(); ) {
      Command other = waiting.next();
      if (!other.urgent()) {
        others.add(other);
        waiting.remove();
      }
    }
    commands.addLast(command);
    commands.addAll(others);
  }

  private void collect(Command command) {
    ChargerSession current = session;
    if (current == null) {
      return;
    }
    var unused =
        current
            .submit(new ChargerRequest.CollectData(clientId))
            .whenComplete(
                (reading, failure) -> {
                  if (failure != null) {
                    onIfCurrent(current, new Event.CommandFailed(command));
                  }
                });
  }

  private void ping(Command command) {
    ChargerSession current = session;
    if (current == null) {
      return;
    }
    var unused =
        current
            .ping()
            .whenComplete(
                (response, failure) ->
                    onIfCurrent(
                        current,
                        failure == null
                            ? new Event.Acked(command)
                            : new Event.CommandFailed(command)));
  }

  private synchronized void onIfCurrent(ChargerSession of, Event event) {
    if (session == of) {
      String unused = on(event);
    }
  }

  /**
   * Sends what may be sent, on the event loop and nowhere else: there, no command that was decided
   * on another thread can still be on its way to the wire when a later one overtakes it.
   */
  private void sendNext() {
    ChargerSession current = session;
    if (current != null && !commands.isEmpty()) {
      current.execute(() -> sendOn(current));
    }
  }

  private synchronized void sendOn(ChargerSession current) {
    while (session == current && !commands.isEmpty() && mayGo(commands.getFirst())) {
      Command next = commands.removeFirst();
      if (next instanceof Command.CloseSession close) {
        current.close(describe(close.reason()));
        commands.clear();
        return;
      }
      underWay = next;
      sentAtNanos = clockNanos.getAsLong();
      var unused =
          current
              .submitUrgent(request(next))
              .whenComplete((response, failure) -> ended(current, next, failure));
    }
  }

  /** One command after the other; but to open waits for nobody. */
  private boolean mayGo(Command next) {
    return underWay == null
        || opens(next)
        || clockNanos.getAsLong() - sentAtNanos >= PATIENCE_NANOS;
  }

  private static boolean opens(Command command) {
    return command instanceof Command.SetContactor contactor && !contactor.closed();
  }

  private synchronized void ended(ChargerSession on, Command command, @Nullable Throwable failure) {
    if (session != on) {
      return;
    }
    if (underWay == command) {
      underWay = null;
    }
    String unused =
        on(failure == null ? new Event.Acked(command) : new Event.CommandFailed(command));
    sendNext();
  }

  private ChargerRequest request(Command command) {
    if (command instanceof Command.SetPwm pwm) {
      return new ChargerRequest.SetPwmPercent(clientId, pwm.percent());
    }
    if (command instanceof Command.SetContactor contactor) {
      return new ChargerRequest.SetContactorState(clientId, contactor.closed());
    }
    throw new IllegalStateException("not a request: " + command);
  }

  private static String describe(Command.CloseReason reason) {
    return switch (reason) {
      case NO_READINGS -> "it has sent no reading for too long";
      case NO_RESPONSE -> "it did not respond to the command to open its contactor";
      case BRIDGE_STOPPING -> "the bridge is stopping";
    };
  }

  private void setTimer(OptionalLong deadline, long nowNanos) {
    if (deadline.isEmpty()) {
      // A timer that is set already only makes the controller look once more.
      return;
    }
    long atNanos = deadline.getAsLong();
    if (timer != null) {
      if (timerAtNanos - atNanos <= 0) {
        return;
      }
      timer.cancel(false);
    }
    timerAtNanos = atNanos;
    long delayNanos = Math.max(0, atNanos - nowNanos);
    ChargerSession current = session;
    timer =
        current == null
            ? timers.schedule(this::timeIsUp, delayNanos)
            : current.schedule(this::timeIsUp, delayNanos);
  }

  private synchronized void timeIsUp() {
    timer = null;
    String unused = on(new Event.Tick());
  }

  private void dropTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  /** A session is about to begin; from here until its end this must not be forgotten. */
  synchronized void announce() {
    announced++;
  }

  @Override
  public synchronized void connected(ChargerSession connected) {
    session = connected;
    commands.clear();
    underWay = null;
    dropTimer();
    String unused = on(new Event.Connected());
  }

  @Override
  public synchronized void disconnected(ChargerSession ended) {
    announced--;
    if (session == ended) {
      session = null;
      commands.clear();
      underWay = null;
      dropTimer();
      String unused = on(new Event.Disconnected());
    }
  }

  @Override
  public void notified(ChargerSession from) {
    onIfCurrent(from, new Event.Notified());
  }

  @Override
  public void reading(ChargerSession from, Reading reading) {
    Measurements measured = reading.measurements();
    onIfCurrent(
        from,
        new Event.Reading(
            reading.contactorClosed(),
            reading.pwmPercent(),
            measured.pilotVoltage(),
            measured.proximityPilotAmps(),
            settings
                .current()
                .values(
                    measured.phase1Milliamps(),
                    measured.phase2Milliamps(),
                    measured.phase3Milliamps()),
            settings
                .voltage()
                .values(
                    measured.phase1Millivolts(),
                    measured.phase2Millivolts(),
                    measured.phase3Millivolts()),
            measured.uptimeMilliseconds()));
  }

  /** Whether a firmware image may be sent; from then on the controller keeps off the wire. */
  @Nullable String startFirmware() {
    return on(new Event.FirmwareStarting());
  }

  /** An upload has ended on a connection that is still there. */
  void firmwareFailed(ChargerSession on, ErrorCode code) {
    LOG.debug("Charger {}: upload ended, {}", clientId, code);
    onIfCurrent(on, new Event.FirmwareEnded());
  }

  /** What must not be forgotten over a restart. */
  synchronized ControlMemory memory() {
    return controller.memory(clockNanos.getAsLong());
  }

  /** Whether it is gone without having told or been told anything. */
  synchronized boolean isForgettable() {
    return announced == 0 && !stored;
  }

  /** The last word before a stop of the bridge: no timer is left. */
  synchronized void end() {
    dropTimer();
  }
}
