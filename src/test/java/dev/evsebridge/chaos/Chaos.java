package dev.evsebridge.chaos;

import dev.evsebridge.testkit.Figures;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Lets faults happen to a bridge, in an order drawn by a seed, and asks after each: has every
 * request had exactly one outcome in time, were chargers connected only while somebody could
 * control them, does everything work again within the time that docs/faults.md says, and has the
 * bridge given back threads, files and memory? At the end it asks whether whoever is silent is
 * still disconnected.
 *
 * <p>{@code mvn -Pchaos} runs it for long and writes {@code target/chaos/report.md}. The same seed
 * draws the same faults in the same order; {@code -Dchaos.only=} names one of them to be repeated
 * alone.
 */
final class Chaos {
  static final Path FOLDER = Path.of(System.getProperty("basedir", ""), "target", "chaos");

  private static final int MORE_THREADS = 12;
  private static final int MORE_FILES = 16;
  private static final long MOST_RESIDENT_KIBIBYTES = 420 << 10;
  private static final long MORE_LIVE_BYTES = 16L << 20;
  private static final Duration GIVEN_BACK = Duration.ofSeconds(40);

  /** What its clients say of connections that are broken on purpose is of no interest. */
  private static final Logger PAHO = Logger.getLogger("org.eclipse.paho.mqttv5.client");

  static {
    PAHO.setLevel(Level.OFF);
  }

  private final long seed;
  private final List<Fault> catalogue;
  private final Consumer<String> progress;
  private final List<String> findings = new ArrayList<>();
  private final Map<String, Integer> happened = new TreeMap<>();
  private int number;
  private long highestResidentKibibytes;

  /**
   * Creates a run.
   *
   * @param seed decides which faults come when, and how
   * @param catalogue the faults to draw from
   * @param progress is told of each fault as it is over
   */
  Chaos(long seed, List<Fault> catalogue, Consumer<String> progress) {
    this.seed = seed;
    this.progress = progress;
    this.catalogue = List.copyOf(catalogue);
  }

  /** Arguments: minutes, and a seed to repeat the order of an earlier run. */
  public static void main(String... arguments) {
    double minutes = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 30;
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime() % 100_000;
    if (Mosquitto.program().isEmpty()) {
      System.err.println("mosquitto is not installed: the chaos test needs it");
      System.exit(1);
    }
    Chaos chaos =
        new Chaos(seed, Catalogue.named(System.getProperty("chaos.only", "")), System.out::println);
    int status = 2;
    try {
      List<String> findings = chaos.run(Duration.ofMillis((long) (minutes * 60_000)));
      status = findings.isEmpty() ? 0 : 1;
      String report = chaos.report(minutes);
      System.out.println(report);
      write(report);
    } catch (RuntimeException | Error e) {
      Logger.getLogger(Chaos.class.getName()).log(Level.SEVERE, "The test itself failed", e);
    }
    // Said by itself: threads of the test would keep the process alive.
    System.exit(status);
  }

  /**
   * Goes through all faults again and again, each time in another order. After a finding it goes on
   * with a bridge that nothing has happened to.
   *
   * @return what must not have been; empty if nothing was
   */
  List<String> run(Duration time) {
    say("Chaos with seed %d for %d s", seed, time.toSeconds());
    long end = System.nanoTime() + time.toNanos();
    Random order = new Random(seed);
    List<Fault> drawn = new ArrayList<>();
    int world = 0;
    while (end - System.nanoTime() > 0) {
      Path log = FOLDER.resolve("bridge-" + seed + "-" + ++world + ".log");
      try (World current = new World(seed, log)) {
        boolean whole = begins(current, log);
        Figures before = Figures.of(current.bridge());
        while (whole && (number == 0 || end - System.nanoTime() > 0)) {
          if (drawn.isEmpty()) {
            drawn.addAll(catalogue);
            Collections.shuffle(drawn, order);
          }
          Fault fault = drawn.remove(drawn.size() - 1);
          whole = survives(current, fault, new Random(order.nextLong()), before, log);
        }
        if (whole) {
          judgeSilence(current);
          judgeHeap(current, before);
        }
      }
    }
    return List.copyOf(findings);
  }

  private boolean begins(World world, Path log) {
    try {
      world.awaitChargers();
      return true;
    } catch (AssertionError | ConditionTimeoutException e) {
      findings.add(
          "seed %d, log %s, before any fault: %s"
              .formatted(seed, log.getFileName(), e.getMessage()));
      return false;
    }
  }

  private boolean survives(World world, Fault fault, Random random, Figures before, Path log) {
    number++;
    happened.merge(fault.name(), 1, Integer::sum);
    long since = System.nanoTime();
    String finding = happen(world, fault, random);
    if (finding == null) {
      finding = judge(world, before);
    }
    say(
        "%4d %-62s %6d ms  %s",
        number, fault.name(), World.elapsed(since).toMillis(), finding == null ? "" : "FAILED");
    if (finding != null) {
      findings.add(
          "seed %d, fault %d (%s), log %s: %s"
              .formatted(seed, number, fault.name(), log.getFileName(), finding));
      progress.accept(finding);
    }
    return finding == null;
  }

  /** Returns what must not have been, null if nothing was. */
  private static @Nullable String happen(World world, Fault fault, Random random) {
    List<Integer> chargers = world.connections();
    int brokerConnections = world.cable().connections();
    try {
      fault.course().run(world, random);
      world.tidyUp(fault);
      world.awaitChargers();
      world.assertServes();
      world.noteBrokerConnections();
      if (fault.reach() == Fault.Reach.NOBODY) {
        World.check(
            chargers.equals(world.connections()),
            "good chargers were disconnected: %s, then %s"
                .formatted(chargers, world.connections()));
        World.check(
            brokerConnections == world.cable().connections(),
            "the connection to the broker was made anew");
      }
      return null;
    } catch (AssertionError | ConditionTimeoutException e) {
      return e.getMessage();
    } catch (Exception e) {
      throw new IllegalStateException("The test itself failed at " + fault.name(), e);
    }
  }

  private @Nullable String judge(World world, Figures before) {
    try {
      List<String> faults = new ArrayList<>(world.faultsOfRequests());
      faults.addAll(world.output().takeStackTraces());
      World.check(faults.isEmpty(), String.join("; ", faults));
      Patience.until(
          "threads as before (" + before.threads() + ")",
          GIVEN_BACK,
          () -> world.bridge().threads() <= before.threads() + MORE_THREADS);
      Patience.until(
          "open files as before (" + before.openFiles() + ")",
          GIVEN_BACK,
          () -> world.bridge().openFiles() <= before.openFiles() + MORE_FILES);
      long resident = world.bridge().residentKibibytes();
      highestResidentKibibytes = Math.max(highestResidentKibibytes, resident);
      World.check(
          resident <= MOST_RESIDENT_KIBIBYTES, "the bridge takes " + resident + " KiB of memory");
      return null;
    } catch (AssertionError | ConditionTimeoutException e) {
      return e.getMessage();
    }
  }

  private void judgeSilence(World world) {
    try {
      world.assertSilentConnectionsAreClosed();
    } catch (AssertionError | ConditionTimeoutException e) {
      findings.add(
          "seed %d, at the end: a silent connection is not closed in time: %s"
              .formatted(seed, e.getMessage()));
    }
  }

  private void judgeHeap(World world, Figures before) {
    try {
      world.quieten();
    } catch (ConditionTimeoutException e) {
      findings.add("seed %d, at the end: %s".formatted(seed, e.getMessage()));
      return;
    }
    Figures after = Figures.of(world.bridge());
    say("before: %s", before);
    say("after:  %s", after);
    if (after.liveBytes() > before.liveBytes() + MORE_LIVE_BYTES) {
      findings.add(
          "seed %d: the heap has grown from %d to %d bytes"
              .formatted(seed, before.liveBytes(), after.liveBytes()));
    }
    world.requests().resume();
  }

  private void say(String format, Object... values) {
    progress.accept(String.format(Locale.ROOT, format, values));
  }

  private String report(double minutes) {
    StringBuilder report = new StringBuilder();
    report.append(
        "# Chaos test%n%n%s minutes, seed %d, %d faults, at most %d KiB resident%n%n"
            .formatted(minutes, seed, number, highestResidentKibibytes));
    report.append(String.format("| fault | times |%n|---|---|%n"));
    happened.forEach((name, times) -> report.append("| %s | %d |%n".formatted(name, times)));
    report.append(
        findings.isEmpty() ? "%nNo findings.%n".formatted() : "%n## Findings%n%n".formatted());
    Stream<String> lines = findings.stream().map(finding -> "- " + finding + "\n");
    lines.forEach(report::append);
    return report.toString();
  }

  private static void write(String report) {
    try {
      Files.createDirectories(FOLDER);
      Path unused = Files.writeString(FOLDER.resolve("report.md"), report);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
