package dev.evsebridge.races;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Serials;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** Three bridges, a broker, chargers that move, and what goes wrong meanwhile. */
public final class Races implements AutoCloseable {

  private static final int BRIDGES = 3;

  /** Longer than a request may take, on a busy machine too. */
  private static final Duration SETTLE = Duration.ofSeconds(12);

  /** So long requests go on after the broker's start. */
  private static final Duration BETWEEN_RESTARTS = Duration.ofSeconds(5);

  private static final int CHARGERS = 80;

  /** What goes wrong besides that chargers move. */
  public enum Fault {
    NONE,
    KILL,
    FREEZE,
    BROKER_RESTART,

    /** One bridge after the other is stopped and started again. */
    UPGRADE
  }

  /**
   * What has come of it.
   *
   * @param perSecond requests per second
   * @param none requests without an outcome
   * @param several requests with more than one outcome
   * @param outOfOrder commands that came after a later one
   * @param losses why requests are without an outcome, and how near to the fault they were sent
   * @param longestReturn from the moment at which a charger that was closed had connected again to
   *     the first command that it got
   * @param longestWithoutBridge how long a charger was without a living bridge
   * @param saidOffline how often a charger was said to be offline
   * @param load of the machine before and after, as {@code uptime} shows it
   * @param outcomes how many there were of each kind
   */
  public record Figures(
      Fault fault,
      int requests,
      long perSecond,
      long exactlyOne,
      long none,
      long several,
      int outOfOrder,
      Map<Loss, String> losses,
      Duration longestReturn,
      Duration longestWithoutBridge,
      int saidOffline,
      String load,
      String outcomes) {}

  private final Mosquitto mosquitto;
  private final List<BridgeProcess> bridges = new ArrayList<>();
  private final Random random;

  /**
   * Starts broker and bridges.
   *
   * @param persistent whether the broker stores what is retained
   * @param settings further ones of all bridges, such as {@code mqtt.qos=0}
   */
  public Races(long seed, boolean persistent, String... settings) {
    random = new Random(seed);
    Mosquitto.Builder broker = Mosquitto.builder().quiet();
    mosquitto = persistent ? broker.persistent().start() : broker.start();
    for (int i = 0; i < BRIDGES; i++) {
      BridgeProcess.Builder bridge =
          BridgeProcess.connectingTo(mosquitto).property("bridge.name", name(i));
      for (String setting : settings) {
        String[] parts = setting.split("=", 2);
        bridge.property(parts[0], parts[1]);
      }
      bridges.add(bridge.start());
    }
    bridges.forEach(BridgeProcess::awaitListening);
  }

  static String name(int bridge) {
    return "bridge-" + bridge;
  }

  /**
   * Lets chargers move, and one kind of fault happen now and then.
   *
   * @param atLeast how long; an upgrade is finished in any case
   */
  public Figures run(Fault fault, int chargerCount, int requestsPerSecond, Duration atLeast) {
    Requests requests = new Requests();
    Sightings sightings = new Sightings();
    double loadBefore = load();
    List<MovingCharger> chargers = new ArrayList<>();
    for (int i = 0; i < chargerCount; i++) {
      chargers.add(
          new MovingCharger(Serials.next(), bridges, new Random(random.nextLong()), sightings));
    }
    Witness witness =
        new Witness(chargers.stream().map(MovingCharger::serial).collect(Collectors.toSet()));
    Duration asking = Duration.ZERO;
    Duration longestWithoutBridge;
    int saidOffline;
    try {
      while (asking.compareTo(atLeast) < 0) {
        Duration part = atLeast;
        if (fault == Fault.BROKER_RESTART) {
          mosquitto.stop();
          witness.brokerStarts();
          mosquitto.start();
          part = BETWEEN_RESTARTS;
        }
        asking = asking.plus(ask(fault, requests, chargers, witness, requestsPerSecond, part));
      }
      longestWithoutBridge = witness.longestWithoutBridge();
      saidOffline = witness.saidOffline();
    } finally {
      chargers.forEach(MovingCharger::close);
    }
    return new Figures(
        fault,
        requests.total(),
        requests.total() * 1000L / asking.toMillis(),
        requests.with(1),
        requests.with(0),
        requests.withSeveral(),
        sightings.countOutOfOrder(),
        requests.losses(witness::explain),
        sightings.longestReturn(),
        longestWithoutBridge,
        saidOffline,
        "%.1f to %.1f".formatted(loadBefore, load()),
        requests.kinds().toString());
  }

  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  /** Returns for how long requests were sent. */
  private Duration ask(
      Fault fault,
      Requests requests,
      List<MovingCharger> chargers,
      Witness witness,
      int requestsPerSecond,
      Duration atLeast) {
    MqttProbe.Builder listening =
        MqttProbe.builder(mosquitto.url())
            .subscribingTo(Requests.REPLIES)
            .handingTo(
                message -> {
                  if (message.topic().equals(Requests.REPLIES)) {
                    requests.replied(message);
                  } else {
                    witness.heard(message);
                  }
                });
    Witness.FILTERS.forEach(listening::subscribingTo);
    try (MqttProbe listener = listening.connect();
        MqttProbe sender = MqttProbe.builder(mosquitto.url()).connect()) {
      long beginNanos = System.nanoTime();
      long untilNanos = beginNanos + atLeast.toNanos();
      try (Faults faults = new Faults(fault, bridges, witness, new Random(random.nextLong()))) {
        for (int i = 0;
            System.nanoTime() - untilNanos < 0 || (fault == Fault.UPGRADE && !faults.isDone());
            i++) {
          MovingCharger charger = chargers.get(random.nextInt(chargers.size()));
          if (random.nextInt(20) == 0) {
            charger.moveTo(bridges.get(random.nextInt(BRIDGES)));
          }
          String json = Messages.setPwm(charger.serial(), charger.nextCommand());
          sender.request(json, Requests.REPLIES, Integer.toString(requests.next()));
          LockSupport.parkNanos(
              beginNanos + (i + 1) * (1_000_000_000L / requestsPerSecond) - System.nanoTime());
        }
      }
      Duration asking = Duration.ofNanos(System.nanoTime() - beginNanos);
      long settledNanos = System.nanoTime() + SETTLE.toNanos();
      while (requests.with(0) > 0 && System.nanoTime() - settledNanos < 0) {
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
      listener.forget();
      return asking;
    }
  }

  @Override
  public void close() {
    bridges.forEach(BridgeProcess::close);
    mosquitto.close();
  }

  /**
   * Runs kinds of faults, and prints figures. System properties say what: {@code races.minutes} in
   * all, {@code races.faults}, {@code races.rate} in requests per second, {@code races.persistent}
   * of the broker, {@code races.seed}.
   */
  public static void main(String[] arguments) {
    double minutes = Double.parseDouble(System.getProperty("races.minutes", "5"));
    int rate = Integer.getInteger("races.rate", 700);
    boolean persistent = Boolean.parseBoolean(System.getProperty("races.persistent", "true"));
    long seed = Long.getLong("races.seed", new Random().nextLong());
    List<Fault> faults = faults(System.getProperty("races.faults", ""));
    System.out.println("seed " + seed);
    Duration each = Duration.ofMillis((long) (minutes * 60_000 / faults.size()));
    try (Races races = new Races(seed, persistent)) {
      for (Fault fault : faults) {
        System.out.println(races.run(fault, CHARGERS, rate, each));
      }
    }
  }

  /** All when none is named. */
  private static List<Fault> faults(String names) {
    return names.isBlank()
        ? List.of(Fault.values())
        : Arrays.stream(names.split(",", -1))
            .map(name -> Fault.valueOf(name.strip().toUpperCase(Locale.ROOT).replace('-', '_')))
            .toList();
  }
}
