package dev.evsebridge.races;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Serials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Three bridges, a broker, chargers that move, and what goes wrong meanwhile. */
public final class Races implements AutoCloseable {

  private static final int BRIDGES = 3;

  /** Longer than a request may take, on a busy machine too. */
  private static final Duration SETTLE = Duration.ofSeconds(12);

  private static final Duration FAULT_EVERY = Duration.ofSeconds(5);

  /** What goes wrong besides that chargers move. */
  public enum Fault {
    NONE,
    KILL,
    FREEZE,
    BROKER_RESTART
  }

  /**
   * What has come of it.
   *
   * @param none requests without an outcome
   * @param several requests with more than one outcome
   * @param outOfOrder commands that came after a later one
   * @param outcomes how many there were of each kind
   */
  public record Figures(
      Fault fault,
      int requests,
      long exactlyOne,
      long none,
      long several,
      int outOfOrder,
      String outcomes) {}

  private final Mosquitto mosquitto;
  private final List<BridgeProcess> bridges = new ArrayList<>();
  private final Random random;

  /** Starts broker and bridges. */
  public Races(long seed, boolean persistent) {
    random = new Random(seed);
    Mosquitto.Builder broker = Mosquitto.builder().quiet();
    mosquitto = persistent ? broker.persistent().start() : broker.start();
    for (int i = 0; i < BRIDGES; i++) {
      bridges.add(
          BridgeProcess.connectingTo(mosquitto).property("bridge.name", "bridge-" + i).start());
    }
    bridges.forEach(BridgeProcess::awaitListening);
  }

  /** Lets chargers move for some time, and one kind of fault happen now and then. */
  public Figures run(Fault fault, int chargerCount, int requestsPerSecond, Duration time) {
    Requests requests = new Requests();
    AtomicInteger outOfOrder = new AtomicInteger();
    List<MovingCharger> chargers = new ArrayList<>();
    for (int i = 0; i < chargerCount; i++) {
      chargers.add(
          new MovingCharger(Serials.next(), bridges, new Random(random.nextLong()), outOfOrder));
    }
    try {
      long endNanos = System.nanoTime() + time.toNanos();
      while (System.nanoTime() - endNanos < 0) {
        if (fault == Fault.BROKER_RESTART) {
          mosquitto.restart();
        }
        long untilNanos =
            fault == Fault.BROKER_RESTART ? System.nanoTime() + FAULT_EVERY.toNanos() : endNanos;
        ask(fault, requests, chargers, requestsPerSecond, untilNanos);
      }
    } finally {
      chargers.forEach(MovingCharger::close);
    }
    return new Figures(
        fault,
        requests.total(),
        requests.with(1),
        requests.with(0),
        requests.withSeveral(),
        outOfOrder.get(),
        requests.kinds().toString());
  }

  private void ask(
      Fault fault,
      Requests requests,
      List<MovingCharger> chargers,
      int requestsPerSecond,
      long untilNanos) {
    try (MqttProbe listener =
            MqttProbe.builder(mosquitto.url())
                .subscribingTo(Requests.REPLIES)
                .handingTo(requests::replied)
                .connect();
        MqttProbe sender = MqttProbe.builder(mosquitto.url()).connect()) {
      long beginNanos = System.nanoTime();
      long nextFaultNanos = beginNanos + FAULT_EVERY.toNanos() / 2;
      for (int i = 0; System.nanoTime() - untilNanos < 0; i++) {
        MovingCharger charger = chargers.get(random.nextInt(chargers.size()));
        if (random.nextInt(20) == 0) {
          charger.moveTo(bridges.get(random.nextInt(BRIDGES)));
        }
        String json = Messages.setPwm(charger.serial(), charger.nextCommand());
        sender.request(json, Requests.REPLIES, Integer.toString(requests.next()));
        if (System.nanoTime() - nextFaultNanos > 0) {
          nextFaultNanos = System.nanoTime() + FAULT_EVERY.toNanos();
          happen(fault);
        }
        LockSupport.parkNanos(
            beginNanos + (i + 1) * (1_000_000_000L / requestsPerSecond) - System.nanoTime());
      }
      long settledNanos = System.nanoTime() + SETTLE.toNanos();
      while (requests.with(0) > 0 && System.nanoTime() - settledNanos < 0) {
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
      listener.forget();
    }
  }

  private void happen(Fault fault) {
    BridgeProcess bridge = bridges.get(random.nextInt(BRIDGES));
    switch (fault) {
      case KILL -> {
        bridge.kill();
        bridge.start();
      }
      case FREEZE -> {
        bridge.freeze();
        Thread thaw =
            new Thread(
                () -> {
                  LockSupport.parkNanos(Duration.ofSeconds(3).toNanos());
                  bridge.thaw();
                });
        thaw.setDaemon(true);
        thaw.start();
      }
      case NONE, BROKER_RESTART -> {
        // nothing, or not while requests are sent
      }
    }
  }

  @Override
  public void close() {
    bridges.forEach(BridgeProcess::close);
    mosquitto.close();
  }

  /** Runs each kind of fault for so many minutes, and prints figures. */
  public static void main(String[] arguments) {
    double minutes = Double.parseDouble(arguments[0]);
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : new Random().nextLong();
    System.out.println("seed " + seed);
    Duration each = Duration.ofMillis((long) (minutes * 60_000 / Fault.values().length));
    try (Races races = new Races(seed, true)) {
      for (Fault fault : Fault.values()) {
        System.out.println(races.run(fault, 80, 700, each));
      }
    }
  }
}
