package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The charger's firmware as its source has it: one loop of 20 ms that watches the lines and reads
 * commands; a collect takes its snapshot at its start and blocks that loop for 0.6 s; leaving C is
 * told after 0.5 s, everything else at once; notifications only while connected; no interlock.
 */
final class FirmwareModel {
  private static final long LOOP_MILLIS = 20;
  private static final long COLLECT_MILLIS = 600;
  private static final long DEBOUNCE_MILLIS = 500;
  private static final long IDLE_MILLIS = 10_000;
  private static final long FAIL_SAFE_MILLIS = 300_000;

  /** Where responses, notifications and connections go. */
  interface Uplink {
    void response(Command request, Event.Reading reading);

    void notification();

    /** The charger gives its connection up. */
    void hangUp();
  }

  private final Simulation simulation;
  private final CarModel car;
  private final Uplink uplink;
  private final Deque<Command> requests = new ArrayDeque<>();
  private Runnable opening = () -> {};
  private boolean connected;
  private boolean closed;
  private boolean welded;
  private boolean stuckOpen;
  private int pwm = DutyCycle.NO_OFFER;
  private PilotVoltage reported = PilotVoltage.VOLT_12;
  private PilotVoltage sampled = PilotVoltage.VOLT_12;
  private long sampledMillis;
  private ProximityPilot reportedCable = ProximityPilot.NO_CABLE;
  private ProximityPilot sampledCable = ProximityPilot.NO_CABLE;
  private long sampledCableMillis;
  private long busyUntilMillis;
  private long bootedMillis = -4_294_900_000L; // the uptime wraps after a minute
  private long lastRequestMillis;
  private long failSafeMillis;
  private long closedMillis;
  private boolean loopScheduled;
  private long reportedLeftMillis = Long.MIN_VALUE;

  FirmwareModel(Simulation simulation, CarModel car, Uplink uplink) {
    this.simulation = simulation;
    this.car = car;
    this.uplink = uplink;
    car.onChange(this::wake);
    everySecond();
  }

  /** Who wants to look at the contactor just before it opens. */
  void onOpening(Runnable watcher) {
    opening = watcher;
  }

  boolean closed() {
    return closed;
  }

  int pwm() {
    return pwm;
  }

  long closedMillis() {
    return closedMillis;
  }

  /** When it told last that C or D had been left, or the far past while it reports one of them. */
  long reportedLeftMillis() {
    return reportedLeftMillis;
  }

  void weld(boolean value) {
    welded = value;
  }

  /** The driver of the contactor is broken: the pin does not follow. */
  void stickOpen(boolean value) {
    stuckOpen = value;
  }

  boolean connected() {
    return connected;
  }

  /** A TCP connect has succeeded: it restarts both of the charger's clocks. */
  void connect() {
    connected = true;
    requests.clear();
    lastRequestMillis = simulation.nowMillis();
    failSafeMillis = simulation.nowMillis();
  }

  void disconnect() {
    connected = false;
    requests.clear();
  }

  /** The watchdog's reset: drops the contactor, whatever flows. */
  void reboot() {
    disconnect();
    switchTo(false);
    setPwm(DutyCycle.NO_OFFER);
    bootedMillis = simulation.nowMillis();
    busyUntilMillis = simulation.nowMillis() + 3_000;
  }

  /** Somebody else switches. */
  void meddle(boolean contactor, int percent) {
    switchTo(contactor);
    setPwm(percent);
  }

  void request(Command command) {
    if (connected) {
      requests.addLast(command);
      wake();
    }
  }

  private void wake() {
    if (!loopScheduled) {
      loopScheduled = true;
      long waitMillis = Math.max(busyUntilMillis - simulation.nowMillis(), 0);
      long phase = (simulation.nowMillis() + waitMillis) % LOOP_MILLIS;
      simulation.after(waitMillis + LOOP_MILLIS - phase, this::loop);
    }
  }

  private void loop() {
    loopScheduled = false;
    if (simulation.nowMillis() < busyUntilMillis) {
      wake();
      return;
    }
    boolean changed = watchLines();
    Command request = requests.pollFirst();
    if (request != null) {
      serve(request);
    }
    if (changed) {
      // At the end of the turn: a collect comes before it.
      simulation.after(Math.max(busyUntilMillis - simulation.nowMillis(), 0), this::tell);
    }
    if (!requests.isEmpty() || sampled != reported || sampledCable != reportedCable) {
      wake();
    }
  }

  private boolean watchLines() {
    boolean changed = false;
    long now = simulation.nowMillis();
    PilotVoltage pilot = car.pilot(pwm);
    if (pilot != sampled) {
      sampled = pilot;
      sampledMillis = now;
    }
    if (sampled != reported
        && (reported != PilotVoltage.VOLT_6 || now - sampledMillis > DEBOUNCE_MILLIS)) {
      boolean drew = draws(reported);
      reported = sampled;
      if (draws(reported)) {
        reportedLeftMillis = Long.MIN_VALUE;
      } else if (drew) {
        reportedLeftMillis = now;
      }
      changed = true;
    }
    if (car.cable() != sampledCable) {
      sampledCable = car.cable();
      sampledCableMillis = now;
    }
    if (sampledCable != reportedCable && now - sampledCableMillis > DEBOUNCE_MILLIS) {
      reportedCable = sampledCable;
      changed = true;
    }
    return changed;
  }

  private void tell() {
    if (connected) {
      uplink.notification();
    }
  }

  private void serve(Command request) {
    lastRequestMillis = simulation.nowMillis();
    failSafeMillis = simulation.nowMillis();
    Event.Reading snapshot = reading();
    if (request instanceof Command.Collect) {
      busyUntilMillis = simulation.nowMillis() + COLLECT_MILLIS;
      simulation.after(
          COLLECT_MILLIS,
          () -> {
            if (connected) {
              uplink.response(request, snapshot);
            }
          });
      return;
    }
    if (request instanceof Command.SetPwm set) {
      setPwm(set.percent());
    } else if (request instanceof Command.SetContactor set) {
      switchTo(set.closed());
    }
    uplink.response(request, snapshot);
  }

  private Event.Reading reading() {
    int milliamps = car.milliamps(closed || welded);
    return new Event.Reading(
        closed,
        pwm,
        reported,
        reportedCable,
        new PhaseValues(milliamps, milliamps, milliamps),
        new PhaseValues(230_000, 230_000, 230_000),
        (simulation.nowMillis() - bootedMillis) % (1L << 32));
  }

  private void setPwm(int percent) {
    if (pwm != percent) {
      pwm = percent;
      car.pwmChanged(percent);
      wake();
    }
  }

  private void switchTo(boolean value) {
    boolean next = value && !stuckOpen;
    if (closed && !next) {
      opening.run();
    } else if (!closed && next) {
      closedMillis = simulation.nowMillis();
    }
    closed = next;
  }

  private void everySecond() {
    simulation.after(
        1_000,
        () -> {
          long now = simulation.nowMillis();
          if (now - failSafeMillis > FAIL_SAFE_MILLIS) {
            switchTo(false);
            setPwm(DutyCycle.NO_OFFER);
          }
          if (connected && now - lastRequestMillis > IDLE_MILLIS) {
            uplink.hangUp();
          }
          everySecond();
        });
  }

  private static boolean draws(PilotVoltage pilot) {
    return pilot == PilotVoltage.VOLT_6 || pilot == PilotVoltage.VOLT_3;
  }
}
