package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One charger, one car, one bridge and a lot of bad luck, all from one seed. */
final class Walk {
  private static final List<ProximityPilot> CABLES =
      List.of(ProximityPilot.AMP_13, ProximityPilot.AMP_20, ProximityPilot.AMP_32);
  private static final List<ControlSettings.WakeUp> WAKE_UPS =
      List.of(ControlSettings.WakeUp.values());
  private static final Calibration PLAIN = new Calibration(0, 1, 1);
  private static final PhaseCalibration CALIBRATED = new PhaseCalibration(PLAIN, PLAIN, PLAIN);

  final Simulation simulation = new Simulation();
  final Random random;
  final ControlSettings settings;
  final CarModel car;
  final Watch watch;
  final BridgeModel bridge;
  final FirmwareModel firmware;
  private final boolean calm;
  private long disabledMillis = -1;
  private long sessionMillis = -1;
  private boolean welded;

  /**
   * Creates a walk.
   *
   * @param calm a network and a charger that work, and a bridge that runs on
   */
  Walk(long seed, boolean calm, Function<Random, ControlSettings> choice) {
    // java.util.Random starts alike for small seeds.
    random = new Random(seed * 0x9E3779B97F4A7C15L + 0x7F4A7C15L);
    this.calm = calm;
    settings = choice.apply(random);
    car = new CarModel(simulation, random);
    watch = new Watch(simulation, settings);
    bridge = new BridgeModel(simulation, random, settings, watch);
    firmware = new FirmwareModel(simulation, car, bridge);
    bridge.attach(firmware);
    bridge.dial();
    if (calm) {
      firmware.onOpening(this::checkTimes);
    }
    observe();
  }

  static ControlSettings settings(Random random) {
    ControlSettings.Builder builder = builder(random);
    return random.nextInt(3) > 0
        ? builder.current(CALIBRATED).voltage(CALIBRATED).build()
        : builder.build();
  }

  static ControlSettings uncalibratedSettings(Random random) {
    return builder(random).build();
  }

  private static ControlSettings.Builder builder(Random random) {
    return ControlSettings.builder(pick(random, 60, 160, 320))
        .minOff(Duration.ofSeconds(pick(random, 10, 15)))
        .restartDelay(Duration.ofSeconds(pick(random, 0, 20)))
        .startsPerHour(pick(random, 0, 4, 12))
        .poll(Duration.ofSeconds(pick(random, 2, 5, 8)))
        .openOnNotify(random.nextInt(4) > 0)
        .ventilationAllowed(random.nextInt(3) == 0)
        .fallbackDeciamps(pick(random, 0, 60))
        .aliveTimeout(Duration.ofSeconds(pick(random, 0, 0, 60)))
        .aliveTopic(random.nextInt(3) == 0)
        .rampUpDeciamps(pick(random, 0, 0, 20))
        .fixedCableDeciamps(pick(random, 0, 0, 160))
        .initialEnabled(random.nextBoolean())
        .wakeUp(WAKE_UPS.get(random.nextInt(3)))
        .wakeUpAfter(Duration.ofSeconds(30))
        .faultWait(Duration.ofSeconds(10));
  }

  private static int pick(Random random, int... numbers) {
    return numbers[random.nextInt(numbers.length)];
  }

  void run(int events) {
    bridge.deliver(new Event.SetPoint(true, 160));
    for (int i = 0; i < events; i++) {
      simulation.runFor(random.nextInt(10) == 0 ? random.nextInt(60_000) : random.nextInt(5_000));
      act();
    }
    simulation.runFor(10_000);
  }

  private void act() {
    int kind = random.nextInt(100);
    if (kind < 35) {
      actOfTheCar();
    } else if (kind < 65 && bridge.listening()) {
      actOfTheControl();
    } else if (!calm) {
      actOfBadLuck();
    }
  }

  private void actOfTheCar() {
    boolean absent = car.pilot(100) == PilotVoltage.VOLT_12;
    switch (random.nextInt(absent ? 3 : 14)) {
      case 0, 1 ->
          car.plugIn(
              CABLES.get(random.nextInt(3)),
              random.nextInt(4) > 0,
              random.nextInt(3) > 0,
              random.nextInt(6) == 0);
      case 2, 3 -> {
        if (!absent) {
          car.unplug();
        }
      }
      case 4, 5, 6 -> car.ask();
      case 7 -> car.pause();
      case 8 -> car.fault();
      case 9 -> car.flicker(PilotVoltage.VOLT_6, random.nextInt(450));
      case 10 -> car.flicker(PilotVoltage.VOLT_12, random.nextInt(3_000));
      case 11 -> car.overdraw(random.nextInt(20_000));
      case 12 -> car.overdraw(0);
      default -> car.changeCable(CABLES.get(random.nextInt(3)));
    }
  }

  private void actOfTheControl() {
    switch (random.nextInt(12)) {
      case 0 -> setPoint(false, null);
      case 1, 2, 3, 4 -> setPoint(true, null);
      case 5, 6 -> setPoint(null, pick(random, 0, 60, 80, 100, 132, 160, 320));
      case 7 -> setPoint(true, 160);
      case 8 -> bridge.deliver(new Event.Alive());
      case 9 -> bridge.deliver(random.nextInt(3) == 0 ? new Event.Silent() : new Event.Alive());
      case 10 ->
          bridge.deliver(random.nextInt(3) == 0 ? new Event.BrokerLost() : new Event.BrokerBack());
      default -> bridge.deliver(new Event.Reset(null));
    }
  }

  private void setPoint(@Nullable Boolean enabled, @Nullable Integer limit) {
    bridge.deliver(new Event.SetPoint(enabled, limit));
  }

  private void actOfBadLuck() {
    switch (random.nextInt(16)) {
      case 0, 1 -> bridge.drop();
      case 2 -> {
        bridge.drop();
        firmware.reboot();
      }
      case 3 -> bridge.trouble(new BridgeModel.Trouble(0, 10, 2_000));
      case 4 -> bridge.trouble(new BridgeModel.Trouble(10, 5, 400));
      case 5, 6, 7 -> bridge.trouble(BridgeModel.Trouble.NONE);
      case 8 -> firmware.meddle(random.nextBoolean(), pick(random, 0, 5, 26, 53, 100));
      case 9 -> firmware.stickOpen(random.nextBoolean());
      case 10 -> {
        welded = !welded && random.nextInt(3) == 0;
        firmware.weld(welded);
      }
      case 11 -> bridge.kill(random.nextInt(30_000));
      case 12 -> bridge.kill(random.nextInt(500_000));
      case 13 -> bridge.terminate(random.nextInt(30_000));
      default -> upload();
    }
  }

  private void upload() {
    if (bridge.open()
        && bridge.listening()
        && bridge.deliver(new Event.FirmwareStarting()).refusal().isEmpty()) {
      simulation.after(
          3_000,
          () -> {
            if (!bridge.listening()) {
              return;
            }
            if (random.nextBoolean()) {
              bridge.drop();
              firmware.reboot();
            } else {
              bridge.deliver(new Event.FirmwareEnded());
            }
          });
    }
  }

  // ---- the contactor itself ---------------------------------------------------------------------

  private void observe() {
    if (calm) {
      checkTimes();
    }
    checkAbandoned();
    simulation.after(1_000, this::observe);
  }

  /** The charger's own fail-safe acts, since nobody keeps its connection up for nothing. */
  private void checkAbandoned() {
    assertTrue(
        bridge.open()
            || !firmware.closed()
            || simulation.nowMillis() - bridge.abandonedMillis() <= 310_000,
        "closed, and nobody is there");
  }

  private void checkTimes() {
    long now = simulation.nowMillis();
    sessionMillis = bridge.open() ? (sessionMillis < 0 ? now : sessionMillis) : -1;
    checkOpensInTime();
    checkStopsInTime();
  }

  private void checkOpensInTime() {
    long now = simulation.nowMillis();
    if (!firmware.closed() || car.drawing() || sessionMillis < 0) {
      return;
    }
    // A line that chatters faster than it debounces is never told.
    long since =
        Math.max(
            Math.max(car.leftDrawingMillis(), firmware.closedMillis()),
            Math.max(car.calmSinceMillis(), sessionMillis));
    // Collect first: blinded, debounced, blinded again, and the way there and back.
    long mostMillis = settings.openOnNotify() ? 1_300 : 2_060;
    assertTrue(
        now - since <= mostMillis,
        () ->
            "closed for "
                + (now - since)
                + " ms after the car left C: "
                + bridge.taken().get(bridge.taken().size() - 1));
  }

  private void checkStopsInTime() {
    long now = simulation.nowMillis();
    if (watch.enabled()) {
      disabledMillis = -1;
    } else if (disabledMillis < 0) {
      disabledMillis = now;
    }
    if (firmware.closed() && disabledMillis >= 0 && sessionMillis >= 0) {
      long since = Math.max(disabledMillis, sessionMillis);
      assertTrue(
          now - since <= settings.stopTimeout().toMillis() + 2_000,
          () -> "closed for " + (now - since) + " ms while disabled");
    }
  }

  /** Once nothing is in the way any more, charger and controller agree. */
  void settle() {
    bridge.trouble(BridgeModel.Trouble.NONE);
    firmware.stickOpen(false);
    firmware.weld(false);
    while (!bridge.listening()) {
      simulation.runFor(1_000);
    }
    simulation.runFor(60_000);
    for (int seconds = 0;
        bridge.deliver(new Event.Tick()).status().state() == ControlState.OFFLINE;
        seconds++) {
      assertTrue(seconds < 600, "comes back");
      simulation.runFor(1_000);
    }
    simulation.runFor(10_000);
    Step last = bridge.deliver(new Event.Tick());
    ControlState state = last.status().state();
    boolean meant = state == ControlState.CHARGING || state == ControlState.STOPPING;
    if (state != ControlState.CLOSING && state != ControlState.OPENING) {
      assertEquals(meant, firmware.closed(), "contactor in " + state);
    }
    if (!state.offers() && state != ControlState.WAKING && state != ControlState.OPENING) {
      assertEquals(DutyCycle.NO_OFFER, firmware.pwm(), "duty cycle in " + state);
    }
  }

  /** The same events again lead to the same steps. */
  void replay(UnaryOperator<Event> change) {
    ChargeController again =
        new ChargeController(settings, bridge.startedFrom(), bridge.startedNanos());
    for (BridgeModel.Taken taken : List.copyOf(bridge.taken())) {
      assertEquals(taken.step(), again.on(change.apply(taken.event()), taken.nowNanos()));
    }
  }
}
