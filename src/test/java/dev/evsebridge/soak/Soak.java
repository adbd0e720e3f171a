package dev.evsebridge.soak;

import dev.evsebridge.soak.RestlessCharger.Life;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Figures;
import dev.evsebridge.testkit.Ledger;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.SteadySubscriber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Runs the bridge for a while among restless chargers and with a broker that comes and goes,
 * accounts for every message, and writes {@code target/soak/report.md}. Ends with status 1 if
 * anything is missing, out of order, or not given back.
 */
public final class Soak {
  private static final int CHARGERS = 30;
  private static final Duration WARM_UP = Duration.ofSeconds(15);
  private static final Duration GRACE = Duration.ofSeconds(8);
  private static final Duration SETTLING = Duration.ofSeconds(40);

  /** The bridge promises 5 s; the rest is for a loaded machine. */
  private static final Duration LONGEST_RETURN = Duration.ofSeconds(8);

  private static final long MORE_LIVE_BYTES = 8L << 20;
  private static final int MORE_THREADS = 6;
  private static final int MORE_FILES = 6;
  private static final int SHOWN = 10;

  private final Duration time;
  private final Random seeds;
  private final AtomicLong sent = new AtomicLong();
  private final Ledger ledger = new Ledger();
  private final List<String> faults = new ArrayList<>();
  private final StringBuilder report = new StringBuilder();

  private Soak(Duration time, long seed) {
    this.time = time;
    this.seeds = new Random(seed);
  }

  /** Arguments: minutes, and a seed to repeat the random choices of an earlier run. */
  public static void main(String... arguments) {
    double minutes = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 20;
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
    if (Mosquitto.program().isEmpty()) {
      System.err.println("mosquitto is not installed: the soak test needs it");
      System.exit(1);
    }
    System.out.printf(Locale.ROOT, "Soaking for %s minutes, seed %d%n", minutes, seed);
    Soak soak = new Soak(Duration.ofMillis((long) (minutes * 60_000)), seed);
    soak.line("# Soak test%n%n%s minutes, %d chargers, seed %d%n", minutes, CHARGERS, seed);
    soak.run();
    soak.write();
    System.exit(soak.faults.isEmpty() ? 0 : 1);
  }

  private void line(String format, Object... values) {
    report.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void run() {
    try (Mosquitto mosquitto =
            Mosquitto.builder().persistent().setting("queue_qos0_messages true").start();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("EVSE_REQUEST_TIMEOUT", "1s")
                .environment("EVSE_IDLE_TIMEOUT", "4s")
                .environment("EVSE_HANDSHAKE_TIMEOUT", "2s")
                .environment("MQTT_KEEP_ALIVE", "2s")
                .environment("MQTT_BUFFER", "100000")
                .environment("BRIDGE_BROKER_LOSS_GRACE", GRACE.toSeconds() + "s")
                .start()
                .awaitListening()) {
      List<String> serials = Stream.generate(Serials::next).limit(CHARGERS).toList();
      Requests requests = new Requests(mosquitto, serials, seeds.nextLong());
      try (SteadySubscriber subscriber =
          SteadySubscriber.start(
              mosquitto,
              "#",
              (topic, payload) -> {
                ledger.received(topic, payload);
                requests.received(topic);
              })) {
        run(mosquitto, bridge, serials, requests, subscriber);
      }
      keepOutput(bridge);
    }
  }

  private void run(
      Mosquitto mosquitto,
      BridgeProcess bridge,
      List<String> serials,
      Requests requests,
      SteadySubscriber subscriber) {
    Trouble trouble = new Trouble(mosquitto, subscriber, requests, GRACE, seeds.nextLong());
    // The session of the subscriber is on disk from here on, and survives being killed.
    requests.pause();
    mosquitto.restart();
    subscriber.awaitSubscribed();
    Duration unused = requests.resume();
    Thread requester = new Thread(requests, "requester");
    requester.start();
    List<RestlessCharger> all = new ArrayList<>();

    // Of other serial numbers, since its connections are numbered from 1 as well.
    List<String> forWarmUp = Stream.generate(Serials::next).limit(CHARGERS).toList();
    all.addAll(chargersFor(WARM_UP, bridge.port(), forWarmUp, () -> {}));
    awaitQuiet(bridge, all);
    Figures before = Figures.of(bridge);
    all.addAll(chargersFor(time, bridge.port(), serials, () -> trouble.makeFor(time)));
    requests.stop();
    join(requester);
    awaitQuiet(bridge, all);
    awaitOutcomes(requests);
    Figures after = Figures.of(bridge);
    requests.close();

    List<Life> lives = all.stream().flatMap(charger -> charger.lives().stream()).toList();
    judgeReadings(lives);
    judgeRequests(requests);
    judgeTrouble(trouble);
    judgeFigures(before, after);
  }

  private List<RestlessCharger> chargersFor(
      Duration duration, int port, List<String> serials, Runnable meanwhile) {
    List<RestlessCharger> chargers =
        serials.stream()
            .map(serial -> new RestlessCharger(port, serial, seeds.nextLong(), duration, sent))
            .toList();
    List<Thread> threads =
        IntStream.range(0, chargers.size())
            .mapToObj(i -> new Thread(chargers.get(i), "charger-" + i))
            .toList();
    threads.forEach(
        thread -> {
          thread.setUncaughtExceptionHandler(
              (failed, failure) -> fault("%s failed: %s", failed.getName(), failure));
          thread.start();
        });
    meanwhile.run();
    threads.forEach(Soak::join);
    return chargers;
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private synchronized void fault(String format, Object... values) {
    faults.add(String.format(Locale.ROOT, format, values));
  }

  /** All readings that must come have come, and all connections are closed. */
  private void awaitQuiet(BridgeProcess bridge, List<RestlessCharger> chargers) {
    List<Life> complete =
        chargers.stream().flatMap(each -> each.lives().stream()).filter(Life::clean).toList();
    try {
      Patience.until(
          "all readings",
          SETTLING,
          () -> complete.stream().allMatch(life -> ledger.highest(life.account()) >= life.last()));
      Patience.until("all connections are closed", SETTLING, () -> establishedTo(bridge) == 0);
    } catch (ConditionTimeoutException e) {
      System.out.println("Not quiet in time: " + e.getMessage());
    }
  }

  /** Connections to the bridge's port that are open at its end. */
  private static long establishedTo(BridgeProcess bridge) throws IOException {
    String port = String.format(Locale.ROOT, ":%04X", bridge.port());
    long count = 0;
    for (String name : List.of("tcp", "tcp6")) {
      Path table = Path.of("/proc/net", name);
      if (Files.exists(table)) {
        try (Stream<String> lines = Files.lines(table)) {
          count += lines.filter(line -> isOpenAt(port, line.trim().split("\\s+", -1))).count();
        }
      }
    }
    return count;
  }

  /** Columns: number, local address, remote address, state; 01 established, 08 close-wait. */
  private static boolean isOpenAt(String port, String[] columns) {
    return columns[1].endsWith(port) && (columns[3].equals("01") || columns[3].equals("08"));
  }

  private void awaitOutcomes(Requests requests) {
    try {
      Patience.until("all outcomes", SETTLING, () -> requests.unanswered().isEmpty());
    } catch (ConditionTimeoutException e) {
      System.out.println("Not all requests have ended in time");
    }
  }

  private void judgeReadings(List<Life> lives) {
    long missing = 0;
    long lostOnTheWay = 0;
    long outOfOrder = 0;
    for (Life life : lives) {
      List<Integer> absent = ledger.missing(life.account(), life.last());
      List<Integer> holes = life.clean() ? absent : holes(absent, life.last());
      lostOnTheWay += absent.size() - holes.size();
      missing += holes.size();
      if (!holes.isEmpty()) {
        fault("%s: missing of %d: %s", life.account(), life.last(), shown(holes));
      }
      List<String> disorder = ledger.outOfOrder(life.account());
      outOfOrder += disorder.size();
      if (!disorder.isEmpty()) {
        fault("%s: out of order: %s", life.account(), shown(disorder));
      }
    }
    line("| readings | |%n|---|---|");
    line("| connections | %d |", lives.size());
    line("| sent | %d |", sent.get());
    line("| arrived | %d |", ledger.arrived());
    line("| arrived again after a loss of the broker (allowed) | %d |", ledger.duplicates());
    line("| on their way when a charger broke off (allowed) | %d |", lostOnTheWay);
    line("| missing | %d |", missing);
    line("| out of order | %d |%n", outOfOrder);
  }

  /** What is missing before something that has come. */
  private static List<Integer> holes(List<Integer> absent, int last) {
    List<Integer> holes = new ArrayList<>(absent);
    for (int number = last; !holes.isEmpty() && holes.get(holes.size() - 1) == number; number--) {
      holes.remove(holes.size() - 1);
    }
    return holes;
  }

  private static <T> String shown(List<T> list) {
    return list.size() <= SHOWN
        ? list.toString()
        : list.subList(0, SHOWN) + " and " + (list.size() - SHOWN) + " more";
  }

  private void judgeRequests(Requests requests) {
    List<String> unanswered = requests.unanswered();
    List<String> twice = requests.endedTwice();
    line("| requests | |%n|---|---|");
    line("| sent | %d |", requests.number());
    line("| without response or error | %d |", unanswered.size());
    line("| with more than one while the broker was there | %d |%n", twice.size());
    if (!unanswered.isEmpty()) {
      fault("requests without response or error: %s", shown(unanswered));
    }
    if (!twice.isEmpty()) {
      fault("requests with more than one outcome: %s", shown(twice));
    }
  }

  private void judgeTrouble(Trouble trouble) {
    line("| the broker was | times |%n|---|---|");
    Map<Trouble.Kind, Integer> happened = new TreeMap<>(trouble.happened());
    happened.forEach(
        (kind, times) ->
            line("| %s | %d |", kind.name().toLowerCase(Locale.ROOT).replace('_', ' '), times));
    Duration slowest = trouble.slowestReturn();
    line("%nSlowest return after it was back: %d ms%n", slowest.toMillis());
    if (slowest.compareTo(LONGEST_RETURN) > 0) {
      fault("the bridge was back only %d ms after the broker", slowest.toMillis());
    }
  }

  private void judgeFigures(Figures before, Figures after) {
    line("| at rest | after the warm-up | at the end |%n|---|---|---|");
    line("| live heap, KiB | %d | %d |", before.liveBytes() >> 10, after.liveBytes() >> 10);
    line("| resident, KiB | %d | %d |", before.residentKibibytes(), after.residentKibibytes());
    line("| threads | %d | %d |", before.threads(), after.threads());
    line("| open files | %d | %d |%n", before.openFiles(), after.openFiles());
    if (after.liveBytes() > before.liveBytes() + MORE_LIVE_BYTES) {
      fault("the heap has grown from %d to %d bytes", before.liveBytes(), after.liveBytes());
    }
    if (after.threads() > before.threads() + MORE_THREADS) {
      fault("the threads have grown from %d to %d", before.threads(), after.threads());
    }
    if (after.openFiles() > before.openFiles() + MORE_FILES) {
      fault("the open files have grown from %d to %d", before.openFiles(), after.openFiles());
    }
  }

  private static Path folder() {
    return Path.of("target", "soak");
  }

  private static void keepOutput(BridgeProcess bridge) {
    try {
      Files.createDirectories(folder());
      Files.writeString(folder().resolve("bridge.log"), bridge.output());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write() {
    line(faults.isEmpty() ? "Nothing is missing." : "## Faults%n");
    faults.forEach(fault -> line("- %s", fault));
    try {
      Files.createDirectories(folder());
      Files.writeString(folder().resolve("report.md"), report);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.out.println(report);
  }
}
