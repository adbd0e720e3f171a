package dev.evsebridge.testkit;

import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One bridge whose charge controller has many chargers, each with the firmware's timing and a place
 * for a car: registered as a static extension, it is started before the first test. Each test of
 * the class has chargers of its own, so that all of them can run at the same time: most of what a
 * charge controller does takes tens of seconds in which nothing happens. Classes that use it run
 * beside all others for the same reason, but one at a time.
 */
public final class Wallboxes implements BeforeAllCallback, AfterAllCallback {
  /**
   * One class at a time. Reentrant, for classes with several bridges, and since a thread of the
   * tests' pool that waits for the tests of one class may begin with another class meanwhile.
   */
  private static final ReentrantLock TURN = new ReentrantLock();

  private final UnaryOperator<BridgeProcess.Builder> settings;
  private final List<Wallbox> all = new ArrayList<>();
  private final List<String> own = new ArrayList<>();
  private final List<Wallbox> uncalibrated = new ArrayList<>();
  private @Nullable Mosquitto mosquitto;
  private @Nullable BridgeProcess bridge;
  private @Nullable Simulator simulator;
  private @Nullable MqttProbe probe;
  private @Nullable MqttProbe states;

  private Wallboxes(UnaryOperator<BridgeProcess.Builder> settings) {
    this.settings = settings;
  }

  /** With a circuit of 16 A, and starts that are delayed as little as possible. */
  public static Wallboxes ofSixteenAmps() {
    return with(UnaryOperator.identity());
  }

  /** The same, with a bridge that is called in another way. */
  public static Wallboxes with(UnaryOperator<BridgeProcess.Builder> settings) {
    return new Wallboxes(settings);
  }

  /**
   * One more charger. For a constant of the test class: all must be there when it starts.
   *
   * @param ownKeys such as {@code min_amps=8}, for this charger alone
   */
  public Wallbox wallbox(String... ownKeys) {
    Wallbox wallbox = new Wallbox(this, all.size());
    all.add(wallbox);
    for (String key : ownKeys) {
      own.add("control.id_" + serial(all.size()) + "." + key);
    }
    return wallbox;
  }

  /** One whose sensors nobody has calibrated. */
  public Wallbox uncalibrated(String... ownKeys) {
    Wallbox wallbox = wallbox(ownKeys);
    uncalibrated.add(wallbox);
    return wallbox;
  }

  private static String serial(int number) {
    return HexFormat.of()
        .withUpperCase()
        .formatHex("SIMULATED%07d".formatted(number).getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    TURN.lock();
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    try {
      close();
    } finally {
      if (TURN.isHeldByCurrentThread()) {
        TURN.unlock();
      }
    }
  }

  private void start() {
    Mosquitto broker = Mosquitto.started();
    mosquitto = broker;
    int port = FreePort.find();
    Simulator chargers =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            all.size(),
            SimulatorTiming.DEFAULT,
            Scenario.EMPTY);
    simulator = chargers;
    BridgeProcess.Builder builder =
        BridgeProcess.builder()
            .listeningOn(port)
            .arguments("-h", broker.url())
            .property("control.mode", "on")
            .property("control.max_amps", "16")
            .property("control.restart_delay", "0s")
            .property("control.min_off", "10s");
    for (Wallbox wallbox : all) {
      SimulatedCharger charger = chargers.chargers().get(wallbox.index());
      charger.recordEvents();
      if (!uncalibrated.contains(wallbox)) {
        charger.calibrationSettings().forEach(line -> addProperty(builder, line));
      }
    }
    own.forEach(line -> addProperty(builder, line));
    probe =
        MqttProbe.builder(broker.url())
            .subscribingTo(MqttProbe.MESSAGE_TOPIC)
            .subscribingTo(MqttProbe.ERROR_TOPIC)
            .reconnecting()
            .connect();
    MqttProbe watch =
        MqttProbe.builder(broker.url())
            .subscribingTo(MqttProbe.MESSAGE_TOPIC + "/+/state")
            .handingTo(this::hear)
            .reconnecting()
            .connect();
    states = watch;
    bridge = settings.apply(builder).start();
    bridge.awaitListening();
    chargers.start();
    for (Wallbox wallbox : all) {
      wallbox.awaitState("its first reading is in", state -> state.path("connected").asBoolean());
    }
  }

  private static void addProperty(BridgeProcess.Builder builder, String line) {
    String[] parts = line.split("=", 2);
    builder.property(parts[0].strip(), parts[1].strip());
  }

  private void hear(MqttProbe.Message state) {
    for (Wallbox wallbox : all) {
      if (state.topic().equals(wallbox.stateTopic())) {
        wallbox.hear(state);
      }
    }
  }

  private void close() {
    if (simulator != null) {
      simulator.close();
    }
    for (AutoCloseable part : parts()) {
      try {
        part.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private List<AutoCloseable> parts() {
    List<AutoCloseable> parts = new ArrayList<>();
    for (AutoCloseable part : new AutoCloseable[] {probe, states, bridge, mosquitto}) {
      if (part != null) {
        parts.add(part);
      }
    }
    return parts;
  }

  SimulatedCharger charger(int index) {
    return started(simulator).chargers().get(index);
  }

  public BridgeProcess bridge() {
    return started(bridge);
  }

  public Mosquitto mosquitto() {
    return started(mosquitto);
  }

  /** Hears messages and errors, but no states. */
  public MqttProbe probe() {
    return started(probe);
  }

  private static <T> T started(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("not started");
    }
    return part;
  }
}
