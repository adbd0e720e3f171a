package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.util.Random;

/** A car and its cable: follows the offer after a while, or ignores it, flickers, is unplugged. */
final class CarModel {
  /** A change within the reaction to the one before begins that reaction anew. */
  private static final long REACTION_MILLIS = 1_300;

  private final Simulation simulation;
  private final Random random;
  private Runnable changed = () -> {};
  private PilotVoltage pilot = PilotVoltage.VOLT_12;
  private ProximityPilot cable = ProximityPilot.NO_CABLE;
  private boolean willing = true;
  private boolean obedient = true;
  private boolean ventilated;
  private int overdrawnMilliamps;
  private int followedDeciamps;
  private long version;
  private long leftDrawingMillis = Long.MIN_VALUE;
  private long calmSinceMillis;
  private long changedMillis = -REACTION_MILLIS;

  CarModel(Simulation simulation, Random random) {
    this.simulation = simulation;
    this.random = random;
  }

  /** Who watches the lines. */
  void onChange(Runnable watcher) {
    changed = watcher;
  }

  PilotVoltage pilot(int pwmPercent) {
    // Steady -12 V leaves no positive wave to measure.
    return pwmPercent == DutyCycle.NOT_AVAILABLE ? PilotVoltage.FAULT : pilot;
  }

  ProximityPilot cable() {
    return cable;
  }

  boolean drawing() {
    return pilot == PilotVoltage.VOLT_6 || pilot == PilotVoltage.VOLT_3;
  }

  /** When the car last left C and D, or the far past while it is in one of them. */
  long leftDrawingMillis() {
    return leftDrawingMillis;
  }

  /** Since when the line has not chattered. */
  long calmSinceMillis() {
    return calmSinceMillis;
  }

  int milliamps(boolean contactorClosed) {
    return contactorClosed && drawing() ? followedDeciamps * 100 + overdrawnMilliamps : 0;
  }

  void plugIn(
      ProximityPilot newCable, boolean newWilling, boolean newObedient, boolean ventilation) {
    cable = newCable;
    willing = newWilling;
    obedient = newObedient;
    ventilated = ventilation;
    overdrawnMilliamps = 0;
    set(PilotVoltage.VOLT_9);
  }

  void unplug() {
    cable = ProximityPilot.NO_CABLE;
    set(PilotVoltage.VOLT_12);
  }

  void ask() {
    if (pilot != PilotVoltage.VOLT_12) {
      set(ventilated ? PilotVoltage.VOLT_3 : PilotVoltage.VOLT_6);
    }
  }

  void pause() {
    if (pilot != PilotVoltage.VOLT_12) {
      set(PilotVoltage.VOLT_9);
    }
  }

  void fault() {
    set(PilotVoltage.FAULT);
  }

  void overdraw(int milliamps) {
    overdrawnMilliamps = milliamps;
  }

  void changeCable(ProximityPilot newCable) {
    cable = newCable;
    changed.run();
  }

  /** For a short while something else, then what it was. */
  void flicker(PilotVoltage other, long millis) {
    PilotVoltage before = pilot;
    set(other);
    long mine = version;
    simulation.after(
        millis,
        () -> {
          if (mine == version) {
            set(before);
          }
        });
  }

  /** The duty cycle on the line has changed: the car follows, if it does, after a while. */
  void pwmChanged(int percent) {
    long mine = version;
    int deciamps = DutyCycle.deciampsOffered(percent);
    if (deciamps == 0) {
      if (drawing() && obedient) {
        simulation.after(random.nextInt(5_000), () -> follow(mine, PilotVoltage.VOLT_9));
      }
      return;
    }
    simulation.after(random.nextInt(3_000), () -> followedDeciamps = deciamps);
    if (pilot == PilotVoltage.VOLT_9 && willing) {
      PilotVoltage asking = ventilated ? PilotVoltage.VOLT_3 : PilotVoltage.VOLT_6;
      simulation.after(random.nextInt(3_000), () -> follow(mine, asking));
    }
  }

  private void follow(long expected, PilotVoltage next) {
    if (expected == version) {
      set(next);
    }
  }

  private void set(PilotVoltage next) {
    boolean drew = drawing();
    version++;
    if (simulation.nowMillis() - changedMillis < REACTION_MILLIS) {
      calmSinceMillis = simulation.nowMillis();
    }
    changedMillis = simulation.nowMillis();
    pilot = next;
    if (drawing()) {
      leftDrawingMillis = Long.MIN_VALUE;
    } else if (drew) {
      leftDrawingMillis = simulation.nowMillis();
    }
    changed.run();
  }
}
