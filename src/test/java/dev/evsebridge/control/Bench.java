package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * A controller on the bench: pilot and cable are set by hand, time runs when asked to. Commands are
 * acknowledged after 30 ms and collects answered after 0.6 s, unless said otherwise.
 */
final class Bench {
  static final Calibration PLAIN = new Calibration(0, 1, 1);
  static final PhaseCalibration CALIBRATED = new PhaseCalibration(PLAIN, PLAIN, PLAIN);

  private record Logged(long millis, Command command) {}

  private final Simulation simulation = new Simulation();
  private final ControlSettings settings;
  private final List<Logged> log = new ArrayList<>();
  private ChargeController controller;
  private Step last;
  private long tick;
  private long session;
  private int logged;

  PilotVoltage pilot = PilotVoltage.VOLT_12;
  ProximityPilot cable = ProximityPilot.AMP_32;
  boolean closed;
  int pwm = DutyCycle.NO_OFFER;
  int milliamps;
  int millivolts = 230_000;
  long bootedMillis = -100_000;
  Predicate<Command> answers = command -> true;
  boolean contactorObeys = true;

  Bench(ControlSettings.Builder settings) {
    this(settings, ControlMemory.NONE);
  }

  Bench(ControlSettings.Builder builder, ControlMemory memory) {
    settings = builder.build();
    controller = new ChargeController(settings, memory, nanos());
    last = event(new Event.Tick());
  }

  static ControlSettings.Builder sixteenAmps() {
    return ControlSettings.builder(160);
  }

  /** A bench with a car in state B that is offered 16 A. */
  static Bench offered(ControlSettings.Builder settings) {
    Bench bench = new Bench(settings);
    bench.connect().set(true, 160).run(5_000);
    bench.plugIn(PilotVoltage.VOLT_9).run(10_000);
    assertEquals(ControlState.OFFERED, bench.state());
    bench.forget();
    return bench;
  }

  /** A bench with a charging car, the last duty cycle longer ago than its interval. */
  static Bench charging(ControlSettings.Builder settings) {
    Bench bench = offered(settings);
    bench.pilot(PilotVoltage.VOLT_6).run(3_000);
    assertEquals(ControlState.CHARGING, bench.state());
    bench.run(6_000);
    bench.forget();
    return bench;
  }

  long nanos() {
    return simulation.nowMillis() * 1_000_000;
  }

  long millis() {
    return simulation.nowMillis();
  }

  Bench run(long millis) {
    simulation.runFor(millis);
    return this;
  }

  /** Time runs until something is the case, which it must become within ten minutes. */
  Bench runUntil(BooleanSupplier condition) {
    long endMillis = millis() + 600_000;
    while (!condition.getAsBoolean()) {
      assertTrue(millis() < endMillis, () -> "never: " + commands());
      run(10);
    }
    return this;
  }

  Bench connect() {
    session++;
    event(new Event.Connected());
    return this;
  }

  Bench disconnect() {
    session++;
    event(new Event.Disconnected());
    return this;
  }

  /** Another process takes over. */
  Bench restart(long downMillis) {
    ControlMemory memory = controller.memory(nanos() - downMillis * 1_000_000);
    return restart(downMillis, memory);
  }

  Bench restart(long downMillis, ControlMemory memory) {
    session++;
    tick++;
    simulation.runFor(downMillis);
    controller = new ChargeController(settings, memory, nanos());
    last = event(new Event.Tick());
    return this;
  }

  ControlMemory memory() {
    return controller.memory(nanos());
  }

  Bench set(boolean enabled, int limitDeciamps) {
    event(new Event.SetPoint(enabled, limitDeciamps));
    return this;
  }

  Bench enable(boolean enabled) {
    event(new Event.SetPoint(enabled, null));
    return this;
  }

  Bench limit(int deciamps) {
    event(new Event.SetPoint(null, deciamps));
    return this;
  }

  /** The line changes and the charger tells. */
  Bench pilot(PilotVoltage value) {
    pilot = value;
    event(new Event.Notified());
    return this;
  }

  Bench plugIn(PilotVoltage value) {
    return pilot(value);
  }

  /** The line changes, but nobody hears of it before the next reading. */
  Bench quietly(PilotVoltage value) {
    pilot = value;
    return this;
  }

  /** A reading of what is now. */
  Bench read() {
    event(reading());
    return this;
  }

  Event.Reading reading() {
    return new Event.Reading(
        closed,
        pwm,
        pilot,
        cable,
        new PhaseValues(milliamps, milliamps, milliamps),
        new PhaseValues(millivolts, millivolts, millivolts),
        millis() - bootedMillis);
  }

  Step event(Event event) {
    last = controller.on(event, nanos());
    long mine = session;
    long number = ++tick;
    if (last.deadlineNanos().isPresent()) {
      long waitNanos = last.deadlineNanos().getAsLong() - nanos();
      simulation.after(
          (waitNanos + 999_999) / 1_000_000,
          () -> {
            if (number == tick) {
              event(new Event.Tick());
            }
          });
    }
    Step step = last;
    for (Command command : step.commands()) {
      log.add(new Logged(millis(), command));
      if (command instanceof Command.CloseSession) {
        session++;
      } else if (answers.test(command)) {
        answer(command, mine);
      }
    }
    return step;
  }

  private void answer(Command command, long mine) {
    if (command instanceof Command.Collect) {
      simulation.after(
          600,
          () -> {
            if (mine == session) {
              read();
            }
          });
      return;
    }
    simulation.after(
        30,
        () -> {
          if (mine != session) {
            return;
          }
          if (command instanceof Command.SetPwm set) {
            pwm = set.percent();
          } else if (command instanceof Command.SetContactor set && contactorObeys) {
            closed = set.closed();
          }
          event(new Event.Acked(command));
        });
  }

  Bench forget() {
    logged = log.size();
    return this;
  }

  /** What was commanded since it was last forgotten, without collects and pings. */
  List<String> commands() {
    return log.subList(logged, log.size()).stream()
        .map(Logged::command)
        .filter(command -> !(command instanceof Command.Collect))
        .filter(command -> !(command instanceof Command.Ping))
        .map(Bench::word)
        .toList();
  }

  long count(String word) {
    return log.subList(logged, log.size()).stream()
        .filter(entry -> word(entry.command()).equals(word))
        .count();
  }

  /** When a command was given first since it was last forgotten. */
  long timeOf(String word) {
    return log.subList(logged, log.size()).stream()
        .filter(entry -> word(entry.command()).equals(word))
        .mapToLong(Logged::millis)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + word + " in " + commands()));
  }

  Command first(String word) {
    return log.subList(logged, log.size()).stream()
        .map(Logged::command)
        .filter(command -> word(command).equals(word))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + word + " in " + commands()));
  }

  Step last() {
    return last;
  }

  ControlStatus status() {
    return last.status();
  }

  ControlState state() {
    return last.status().state();
  }

  Why why() {
    Why why = last.status().why();
    if (why == null) {
      throw new AssertionError("charging");
    }
    return why;
  }

  static String word(Command command) {
    if (command instanceof Command.SetPwm set) {
      return "PWM " + set.percent();
    } else if (command instanceof Command.SetContactor set) {
      return set.closed() ? "close" : "open";
    } else if (command instanceof Command.CloseSession close) {
      return "leave " + close.reason();
    }
    return command instanceof Command.Ping ? "ping" : "collect";
  }
}
