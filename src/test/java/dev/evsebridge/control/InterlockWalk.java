package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One charger with an interlock, one car, and a raw client that closes, opens and offers as it
 * likes, all from one seed. What stands around the interlock in the bridge is modelled: a queue
 * with one request on the wire, and what is urgent before it.
 */
final class InterlockWalk implements FirmwareModel.Uplink {
  private static final long STOP_TIMEOUT_MILLIS = 6_000;
  private static final long REQUEST_TIMEOUT_MILLIS = 5_000;
  private static final List<ProximityPilot> CABLES =
      List.of(ProximityPilot.AMP_13, ProximityPilot.AMP_20, ProximityPilot.AMP_32);

  /** A request of the client: a close is asked about once more when it is written. */
  private record Waiting(Command command, boolean fromClient) {}

  final Simulation simulation = new Simulation();
  int closings;
  int openings;
  int refusals;
  int stops;

  private final Random random;
  private final boolean calm;
  private final CarModel car;
  private final FirmwareModel firmware;
  private final boolean ventilation;
  private final Interlock interlock;
  private final Deque<Waiting> queue = new ArrayDeque<>();
  private final Deque<Command> urgent = new ArrayDeque<>();
  private final List<Command> unanswered = new ArrayList<>();
  private boolean open;
  private long session;
  private long tick;
  private int lostPercent;
  private long downMillis;
  private long upMillis;

  // What the rules are judged by, apart from the interlock.
  private @Nullable PilotVoltage pilot;
  private @Nullable ProximityPilot cable;
  private int pwm = -1;
  private long readMillis = Long.MIN_VALUE;
  private boolean changed = true;
  private boolean seenClosed;
  private boolean closedKnown;
  private long openedMillis = Long.MIN_VALUE / 2;
  private boolean stopWanted;
  private long stopMillis = Long.MAX_VALUE;
  private long sessionMillis;

  InterlockWalk(long seed, boolean calm) {
    random = new Random(seed * 0x9E3779B97F4A7C15L + 0x7F4A7C15L);
    this.calm = calm;
    ventilation = random.nextInt(3) == 0;
    interlock =
        new Interlock(
            new InterlockRules(true, ventilation, 0, Duration.ofMillis(STOP_TIMEOUT_MILLIS)));
    car = new CarModel(simulation, random);
    firmware = new FirmwareModel(simulation, car, this);
    dial();
    look();
  }

  void run(int events) {
    clientPolls();
    for (int i = 0; i < events; i++) {
      simulation.runFor(random.nextInt(10) == 0 ? random.nextInt(30_000) : random.nextInt(4_000));
      act();
    }
    simulation.runFor(10_000);
  }

  private void act() {
    int kind = random.nextInt(100);
    if (kind < 40) {
      actOfTheCar();
    } else if (kind < 85) {
      actOfTheClient();
    } else if (kind < 90) {
      stopOrResume();
    } else if (!calm) {
      actOfBadLuck();
    }
  }

  private void actOfTheCar() {
    switch (random.nextInt(12)) {
      case 0, 1, 2 ->
          car.plugIn(CABLES.get(random.nextInt(3)), true, random.nextInt(3) > 0, ventilation);
      case 3 -> car.unplug();
      case 4, 5, 6, 7 -> car.ask();
      case 8 -> car.pause();
      case 9 -> car.fault();
      case 10 -> car.flicker(PilotVoltage.VOLT_9, random.nextInt(3_000));
      default -> car.changeCable(CABLES.get(random.nextInt(3)));
    }
  }

  private void actOfTheClient() {
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3, 4 -> close();
      case 5 -> enqueue(new Command.SetContactor(false));
      default -> offer(new int[] {0, 5, 9, 16, 21, 26, 33, 53, 96, 100}[random.nextInt(10)]);
    }
  }

  private void stopOrResume() {
    stopWanted = !stopWanted;
    if (stopWanted) {
      stops++;
      stopMillis = simulation.nowMillis();
      carryOut(interlock.stop("the broker is away", nowNanos()));
    } else {
      stopMillis = Long.MAX_VALUE;
      carryOut(interlock.resume(nowNanos()));
    }
  }

  private void actOfBadLuck() {
    switch (random.nextInt(6)) {
      case 0, 1 -> drop();
      case 2 -> {
        drop();
        firmware.reboot();
      }
      case 3 -> lostPercent = 15;
      default -> lostPercent = 0;
    }
  }

  // ---- the client -------------------------------------------------------------------------------

  private void clientPolls() {
    enqueue(new Command.Collect());
    simulation.after(5_000, this::clientPolls);
  }

  private void close() {
    if (!open) {
      return;
    }
    if (interlock.needsReadingToClose(nowNanos())) {
      enqueue(new Command.Collect());
      long mine = session;
      simulation.after(
          700,
          () -> {
            if (open && session == mine) {
              admitClose();
            }
          });
    } else {
      admitClose();
    }
  }

  private void admitClose() {
    if (interlock.refusalToClose(nowNanos()) == null) {
      enqueue(new Command.SetContactor(true));
    } else {
      refusals++;
    }
  }

  private void offer(int percent) {
    boolean unknown = interlock.needsReadingToOffer(percent, nowNanos());
    if (open && !unknown && interlock.refusalToOffer(percent) == null) {
      enqueue(new Command.SetPwm(percent, false));
    }
  }

  private void enqueue(Command command) {
    if (open && queue.size() < 16) {
      queue.addLast(new Waiting(command, true));
      write();
    }
  }

  // ---- the wire ---------------------------------------------------------------------------------

  private void dial() {
    simulation.after(
        1 + random.nextInt(5_000),
        () -> {
          open = true;
          session++;
          downMillis = 0;
          upMillis = 0;
          sessionMillis = simulation.nowMillis();
          readMillis = Long.MIN_VALUE;
          changed = true;
          firmware.connect();
          carryOut(interlock.connected(nowNanos()));
        });
  }

  private void drop() {
    if (open) {
      open = false;
      session++;
      queue.clear();
      urgent.clear();
      unanswered.clear();
      firmware.disconnect();
      carryOut(interlock.disconnected(nowNanos()));
      dial();
    }
  }

  @Override
  public void hangUp() {
    drop();
  }

  @Override
  public void notification() {
    up(
        () -> {
          changed = true;
          carryOut(interlock.notified(nowNanos()));
        });
  }

  @Override
  public void response(Command request, Event.Reading reading) {
    if (random.nextInt(100) >= lostPercent) {
      up(() -> answered(request, reading));
    }
  }

  private void answered(Command request, Event.Reading reading) {
    while (!unanswered.isEmpty() && unanswered.get(0) != request) {
      failed(unanswered.remove(0));
    }
    if (unanswered.isEmpty()) {
      return;
    }
    unanswered.remove(0);
    if (request instanceof Command.SetPwm set) {
      pwm = set.percent();
      carryOut(interlock.offered(set.percent(), nowNanos()));
    } else if (request instanceof Command.SetContactor set) {
      if (!set.closed() && (seenClosed || !closedKnown)) {
        openedMillis = simulation.nowMillis();
      }
      learn(set.closed());
      carryOut(interlock.switched(set.closed(), nowNanos()));
    } else {
      read(reading);
    }
    write();
  }

  private void read(Event.Reading reading) {
    boolean openUnderWay = unanswered.contains(new Command.SetContactor(false)) || opensSoon();
    if (!reading.contactorClosed() && closedKnown && seenClosed) {
      openedMillis = simulation.nowMillis();
    }
    learn(reading.contactorClosed());
    readMillis = simulation.nowMillis();
    changed = false;
    pilot = reading.pilot();
    cable = reading.proximity();
    pwm = reading.pwmPercent();
    Interlock.Step step =
        interlock.reading(
            reading.contactorClosed(),
            reading.pwmPercent(),
            reading.pilot(),
            reading.proximity(),
            nowNanos());
    if (reading.contactorClosed() && isOutside(reading.pilot()) && !openUnderWay) {
      assertFalse(step.commands().isEmpty(), "opens when a reading shows that nobody asks");
      assertEquals(new Command.SetContactor(false), step.commands().get(0), "opens first");
    }
    if (reading.contactorClosed()
        && !openUnderWay
        && DutyCycle.deciampsOffered(reading.pwmPercent()) > rated()) {
      assertFalse(step.commands().isEmpty(), "offers no more under load than the cable carries");
    }
    carryOut(step);
  }

  /** Sent, or lost on the way and to be sent again. */
  private boolean opensSoon() {
    String refusal = interlock.refusalToClose(nowNanos());
    return (refusal != null && refusal.contains("being opened")) || stopWanted;
  }

  private void learn(boolean closed) {
    seenClosed = closed;
    closedKnown = true;
  }

  private void failed(Command command) {
    if (command instanceof Command.SetContactor set) {
      if (!set.closed() && (seenClosed || !closedKnown)) {
        openedMillis = simulation.nowMillis();
      }
      carryOut(interlock.switchFailed(set.closed(), true, nowNanos()));
    }
  }

  private void write() {
    while (open) {
      Command next;
      if (!urgent.isEmpty()) {
        next = urgent.pollFirst();
      } else if (unanswered.isEmpty() && !queue.isEmpty()) {
        next = queue.pollFirst().command();
        if (!mayGo(next)) {
          continue;
        }
      } else {
        return;
      }
      check(next);
      unanswered.add(next);
      long mine = session;
      Command sent = next;
      down(() -> firmware.request(sent));
      simulation.after(
          REQUEST_TIMEOUT_MILLIS,
          () -> {
            if (session == mine && removeSame(sent)) {
              failed(sent);
              write();
            }
          });
    }
  }

  private boolean removeSame(Command sent) {
    for (int i = 0; i < unanswered.size(); i++) {
      if (unanswered.get(i) == sent) {
        unanswered.remove(i);
        return true;
      }
    }
    return false;
  }

  /** The guard's last word. */
  private boolean mayGo(Command command) {
    if (command instanceof Command.SetPwm set) {
      return interlock.refusalToOffer(set.percent()) == null;
    }
    if (command instanceof Command.SetContactor set && set.closed()) {
      if (interlock.refusalToClose(nowNanos()) != null) {
        refusals++;
        return false;
      }
      interlock.closing();
    }
    return true;
  }

  private void carryOut(Interlock.Step step) {
    if (step.done() != null) {
      openings++;
    }
    long mine = ++tick;
    if (step.deadlineNanos().isPresent()) {
      long waitNanos = step.deadlineNanos().getAsLong() - nowNanos();
      assertTrue(waitNanos > 0, "the deadline lies in the future");
      simulation.after(
          (waitNanos + 999_999) / 1_000_000,
          () -> {
            if (mine == tick) {
              carryOut(interlock.tick(nowNanos()));
            }
          });
    }
    for (Command command : step.commands()) {
      // Its own, so that each can be told from another like it.
      if (command instanceof Command.Collect) {
        if (unanswered.stream().noneMatch(Command.Collect.class::isInstance)) {
          urgent.addLast(new Command.Collect());
        }
      } else if (command instanceof Command.SetContactor set) {
        urgent.addFirst(new Command.SetContactor(set.closed()));
      } else if (command instanceof Command.SetPwm set) {
        urgent.addLast(new Command.SetPwm(set.percent(), true));
      }
    }
    write();
  }

  private void down(Runnable arrival) {
    downMillis = Math.max(downMillis, simulation.nowMillis() + delay());
    arrive(downMillis, arrival);
  }

  private void up(Runnable arrival) {
    upMillis = Math.max(upMillis, simulation.nowMillis() + delay());
    arrive(upMillis, arrival);
  }

  private void arrive(long atMillis, Runnable arrival) {
    long mine = session;
    simulation.after(
        atMillis - simulation.nowMillis(),
        () -> {
          if (open && session == mine) {
            arrival.run();
          }
        });
  }

  private long delay() {
    return !calm && random.nextInt(100) < 10 ? random.nextInt(1_500) : 3 + random.nextInt(28);
  }

  private long nowNanos() {
    return BridgeModel.BASE_NANOS + simulation.nowMillis() * 1_000_000;
  }

  // ---- the rules --------------------------------------------------------------------------------

  private void check(Command command) {
    long now = simulation.nowMillis();
    if (command instanceof Command.SetContactor set && set.closed()) {
      closings++;
      assertFalse(stopWanted, "nothing is closed while nobody can command");
      assertFalse(changed, "closes only when nothing was notified after the reading");
      assertTrue(now - readMillis <= 6_000, "closes only on a reading of the last 6 s");
      assertTrue(
          pilot == PilotVoltage.VOLT_6 || (pilot == PilotVoltage.VOLT_3 && ventilation),
          () -> "closes only when the car asks, not in " + pilot);
      assertTrue(
          now - openedMillis >= 10_000, () -> "closes only 10 s after an opening: " + openedMillis);
      assertTrue(
          DutyCycle.deciampsOffered(pwm) <= rated(), () -> "closes not with " + pwm + " % offered");
    }
    if (command instanceof Command.SetPwm set && !set.urgent()) {
      int percent = set.percent();
      assertFalse(
          percent < 10 && (seenClosed || !closedKnown), () -> percent + " % while it is closed");
      int offered = DutyCycle.deciampsOffered(percent);
      // To offer nothing is right whatever the cable, also before it is known.
      assertTrue(offered == 0 || offered <= rated(), () -> "offers " + percent + " % on " + cable);
    }
  }

  private int rated() {
    assertNotNull(cable, "the cable is known");
    return switch (cable) {
      case AMP_13 -> 130;
      case AMP_20 -> 200;
      case AMP_32 -> 320;
      case NO_CABLE -> pilot == PilotVoltage.VOLT_12 ? Integer.MAX_VALUE : 0;
    };
  }

  private static boolean isOutside(PilotVoltage voltage) {
    return voltage != PilotVoltage.VOLT_6 && voltage != PilotVoltage.VOLT_3;
  }

  private void look() {
    if (calm && open) {
      checkOpensInTime();
      checkStopsInTime();
    }
    simulation.after(100, this::look);
  }

  private void checkOpensInTime() {
    long now = simulation.nowMillis();
    if (!firmware.closed() || car.drawing()) {
      return;
    }
    // A line that chatters faster than it debounces is never told.
    long since =
        Math.max(
            Math.max(car.leftDrawingMillis(), firmware.closedMillis()),
            Math.max(car.calmSinceMillis(), sessionMillis));
    // Blinded, debounced, blinded again while it debounces and by the reading, and the ways.
    assertTrue(
        now - since <= 2_400, () -> "closed for " + (now - since) + " ms after the car left C");
  }

  private void checkStopsInTime() {
    long now = simulation.nowMillis();
    if (stopWanted && firmware.closed()) {
      long since = Math.max(stopMillis, sessionMillis);
      assertTrue(
          now - since <= STOP_TIMEOUT_MILLIS + 2_500,
          () -> "closed for " + (now - since) + " ms although it was told to stop");
    }
  }

  /** Whether the charger has been left closed although the car does not ask. */
  void settle() {
    lostPercent = 0;
    simulation.runFor(30_000);
    assertFalse(firmware.closed() && !car.drawing() && open, "left closed");
  }
}
