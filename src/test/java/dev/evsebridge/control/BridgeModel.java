package dev.evsebridge.control;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Random;

/**
 * What stands around the controller in the bridge (a queue with its head for safety commands, one
 * unanswered request and one safety command at most, ticks, the journal), and the network between.
 */
final class BridgeModel implements FirmwareModel.Uplink {
  static final long BASE_NANOS = Long.MAX_VALUE - 100_000_000_000L; // wraps within the walk
  private static final long REQUEST_TIMEOUT_MILLIS = 5_000;
  private static final long SAFETY_OVERDUE_MILLIS = 1_900;

  /** Network and charger at their worst: 0 for a calm one. */
  record Trouble(int lostResponsePercent, int latePercent, int lateMillis) {
    static final Trouble NONE = new Trouble(0, 0, 0);
  }

  /** A step and what led to it. */
  record Taken(Event event, long nowNanos, Step step) {}

  private record Sent(Command command, long number) {}

  private final Simulation simulation;
  private final Random random;
  private final ControlSettings settings;
  private final Watch watch;
  private final List<Taken> taken = new ArrayList<>();
  private final Deque<Command> queue = new ArrayDeque<>();
  private final Deque<Sent> unanswered = new ArrayDeque<>();
  private ChargeController controller;
  private ControlMemory startedFrom;
  private long startedNanos;
  private FirmwareModel firmware;
  private Trouble trouble = Trouble.NONE;
  private ControlMemory journal = ControlMemory.NONE;
  private long journalNanos;
  private boolean listening = true;
  private boolean open;
  private long abandonedMillis;
  private boolean dialling;
  private long session;
  private long sentNumber;
  private long tickNumber;
  private int timeouts;
  private long downArrivesMillis;
  private long upArrivesMillis;
  private long lastUnsafeWriteMillis;
  private int loadMillis;

  @SuppressWarnings("NullAway.Init") // the charger needs this model first
  BridgeModel(Simulation simulation, Random random, ControlSettings settings, Watch watch) {
    this.simulation = simulation;
    this.random = random;
    this.settings = settings;
    this.watch = watch;
    start();
  }

  void attach(FirmwareModel charger) {
    firmware = charger;
  }

  void trouble(Trouble value) {
    trouble = value;
  }

  /**
   * What has arrived is looked at up to so much later, each time anew, while timers are punctual:
   * as on a machine with too much to do, or while reading from the charger is paused.
   */
  void load(int mostMillis) {
    loadMillis = mostMillis;
  }

  /** All steps since the start of this controller, for running them again. */
  List<Taken> taken() {
    return taken;
  }

  ControlMemory startedFrom() {
    return startedFrom;
  }

  long startedNanos() {
    return startedNanos;
  }

  boolean open() {
    return open;
  }

  /** When the last session ended; only while there is none. */
  long abandonedMillis() {
    return abandonedMillis;
  }

  boolean listening() {
    return listening;
  }

  long nowNanos() {
    return BASE_NANOS + simulation.nowMillis() * 1_000_000;
  }

  // ---- the session ------------------------------------------------------------------------------

  /** The charger dials; it tries again every 5 s. */
  void dial() {
    if (open || dialling) {
      return;
    }
    dialling = true;
    simulation.after(
        1 + random.nextInt(5_000),
        () -> {
          dialling = false;
          if (!listening) {
            dial();
            return;
          }
          open = true;
          session++;
          timeouts = 0;
          downArrivesMillis = 0;
          upArrivesMillis = 0;
          firmware.connect();
          long mine = session;
          simulation.after(delay(), () -> ifSession(mine, () -> deliver(new Event.Connected())));
        });
  }

  /** The connection breaks. */
  void drop() {
    if (!open) {
      return;
    }
    open = false;
    abandonedMillis = simulation.nowMillis();
    session++;
    queue.clear();
    unanswered.clear();
    firmware.disconnect();
    deliver(new Event.Disconnected());
    dial();
  }

  @Override
  public void hangUp() {
    drop();
  }

  @Override
  public void notification() {
    up(() -> deliver(new Event.Notified()));
  }

  @Override
  public void response(Command request, Event.Reading reading) {
    if (random.nextInt(100) < trouble.lostResponsePercent()) {
      return;
    }
    up(() -> answered(request, reading));
  }

  private void answered(Command request, Event.Reading reading) {
    // Responses carry no id: those of another kind settle what was lost before them.
    while (!unanswered.isEmpty()
        && unanswered.getFirst().command().getClass() != request.getClass()) {
      deliver(new Event.CommandFailed(unanswered.removeFirst().command()));
    }
    if (unanswered.isEmpty()) {
      return;
    }
    Command sent = unanswered.removeFirst().command();
    timeouts = 0;
    if (sent instanceof Command.Collect) {
      deliver(reading);
    } else {
      deliver(new Event.Acked(sent));
    }
    write();
  }

  private void write() {
    while (open && !queue.isEmpty()) {
      Command next = queue.getFirst();
      boolean free = unanswered.isEmpty();
      boolean safety =
          next.urgent()
              && (unanswered.stream().noneMatch(sent -> sent.command().urgent())
                  || simulation.nowMillis() - lastUnsafeWriteMillis > SAFETY_OVERDUE_MILLIS);
      if (!free && !safety) {
        return;
      }
      queue.removeFirst();
      if (next.urgent()) {
        lastUnsafeWriteMillis = simulation.nowMillis();
      }
      if (next instanceof Command.SetContactor contactor) {
        watch.written(contactor);
      }
      Sent sent = new Sent(next, sentNumber++);
      unanswered.addLast(sent);
      down(() -> firmware.request(next));
      long mine = session;
      simulation.after(REQUEST_TIMEOUT_MILLIS, () -> ifSession(mine, () -> timedOut(sent)));
    }
  }

  private void timedOut(Sent sent) {
    if (!unanswered.remove(sent)) {
      return;
    }
    if (++timeouts >= 2) {
      drop();
      return;
    }
    deliver(new Event.CommandFailed(sent.command()));
    write();
  }

  private void down(Runnable arrival) {
    downArrivesMillis = Math.max(downArrivesMillis, simulation.nowMillis() + delay());
    long mine = session;
    simulation.after(downArrivesMillis - simulation.nowMillis(), () -> ifSession(mine, arrival));
  }

  private void up(Runnable arrival) {
    long loadedMillis =
        loadMillis == 0 || random.nextBoolean() ? 0 : random.nextInt(loadMillis + 1);
    upArrivesMillis = Math.max(upArrivesMillis, simulation.nowMillis() + delay() + loadedMillis);
    long mine = session;
    simulation.after(upArrivesMillis - simulation.nowMillis(), () -> ifSession(mine, arrival));
  }

  private long delay() {
    return random.nextInt(100) < trouble.latePercent()
        ? random.nextInt(trouble.lateMillis())
        : 3 + random.nextInt(28);
  }

  private void ifSession(long expected, Runnable action) {
    if (open && session == expected) {
      action.run();
    }
  }

  // ---- the controller ---------------------------------------------------------------------------

  /** Hands an event to the controller and carries out what follows. */
  Step deliver(Event event) {
    long nowNanos = nowNanos();
    Step step = controller.on(event, nowNanos);
    taken.add(new Taken(event, nowNanos, step));
    watch.step(event, step, controller);
    if (step.memoryChanged()) {
      journal = controller.memory(nowNanos);
      journalNanos = nowNanos;
    }
    long tick = ++tickNumber;
    if (step.deadlineNanos().isPresent()) {
      long waitNanos = step.deadlineNanos().getAsLong() - nowNanos;
      simulation.after(
          (waitNanos + 999_999) / 1_000_000,
          () -> {
            if (tick == tickNumber) {
              deliver(new Event.Tick());
            }
          });
    }
    int urgent = 0;
    boolean close = false;
    for (Command command : step.commands()) {
      if (command instanceof Command.CloseSession) {
        close = true;
        continue;
      }
      queue.removeIf(command::withdraws);
      if (command.urgent()) {
        insert(command, urgent++);
      } else {
        queue.addLast(command);
      }
    }
    write();
    if (close) {
      hurry();
      drop();
    }
    return step;
  }

  /** What is urgent is written before the session is closed. */
  private void hurry() {
    for (Command command : queue) {
      if (command.urgent() && open) {
        firmware.request(command);
      }
    }
  }

  private void insert(Command command, int index) {
    Deque<Command> before = new ArrayDeque<>();
    Iterator<Command> waiting = queue.iterator();
    for (int i = 0; i < index && waiting.hasNext(); i++) {
      before.addLast(waiting.next());
    }
    for (int i = 0; i < before.size(); i++) {
      queue.removeFirst();
    }
    queue.addFirst(command);
    while (!before.isEmpty()) {
      queue.addFirst(before.removeLast());
    }
  }

  /** kill -9 and a new start some seconds later. */
  void kill(long downMillis) {
    if (!listening) {
      return;
    }
    listening = false;
    tickNumber++;
    open = false;
    abandonedMillis = simulation.nowMillis();
    session++;
    queue.clear();
    unanswered.clear();
    firmware.disconnect();
    dial();
    simulation.after(
        downMillis,
        () -> {
          listening = true;
          start();
        });
  }

  /** SIGTERM; the process ends when the session is closed. */
  void terminate(long downMillis) {
    if (listening) {
      deliver(new Event.Stopping());
      simulation.after(settings.stopTimeout().toMillis() + 2_500, () -> kill(downMillis));
    }
  }

  private void start() {
    startedNanos = nowNanos();
    long awayNanos = startedNanos - journalNanos;
    startedFrom = aged(journal, awayNanos);
    controller = new ChargeController(settings, startedFrom, startedNanos);
    taken.clear();
    watch.restarted(startedFrom);
  }

  private static ControlMemory aged(ControlMemory memory, long nanos) {
    return new ControlMemory(
        memory.enabled(),
        memory.limitDeciamps(),
        memory.latches(),
        memory.openingAge() == null ? null : memory.openingAge().plusNanos(nanos),
        memory.openingByLimitAge() == null ? null : memory.openingByLimitAge().plusNanos(nanos),
        memory.startAges().stream().map(age -> age.plusNanos(nanos)).toList(),
        memory.switchings(),
        memory.openingsUnderLoad());
  }
}
