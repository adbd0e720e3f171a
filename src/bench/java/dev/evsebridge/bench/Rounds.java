package dev.evsebridge.bench;

import dev.evsebridge.bench.Scenario.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares bridges in alternating rounds. All of them stay up, each with a broker and chargers of
 * its own, and take turns in being busy; every other round the turns are in reverse order. So each
 * ratio is one of neighbours in time, and a machine that gets slower slows both.
 */
final class Rounds {
  private static final int SETTLE_SECONDS = 14;
  private static final int POLLS_SETTLE_SECONDS = 20;
  private static final String[] FAULTS = {
    "lost", "never_sent", "duplicates", "out_of_order", "malformed", "wrong", "errors"
  };

  private final int rounds;
  private final List<Target> targets;

  Rounds(int rounds, List<Target> targets) {
    this.rounds = rounds;
    this.targets = targets;
  }

  /** From launch to listening, and memory when idle. */
  void start(Path folder) throws IOException, InterruptedException {
    Ratios seconds = new Ratios("start to listening, s", "%.2f");
    Ratios cpu = new Ratios("CPU until then, s", "%.2f");
    Ratios memory =
        new Ratios("RSS idle, MB, %d s after the start".formatted(SETTLE_SECONDS), "%.0f");
    for (int round = 0; round < rounds; round++) {
      for (Target target : inTurn(targets, round)) {
        Map<String, Double> figures = new LinkedHashMap<>();
        StartRun.run(target, folder, SETTLE_SECONDS, figures);
        seconds.add(target.name(), figures.get("start_s"));
        cpu.add(target.name(), figures.get("start_cpu_s"));
        memory.add(target.name(), figures.get("rss_idle_mb"));
        System.out.printf(Locale.ROOT, "%d/%d %s: %s%n", round + 1, rounds, target.name(), figures);
      }
    }
    print(folder, List.of(seconds, cpu, memory));
  }

  /**
   * The scenarios, one after the other with each bridge in each round, on the same chargers.
   *
   * @param scenarios of the same QoS and number of chargers; the time of warm-up is shared by them
   */
  void load(Path folder, List<String> brokerOptions, List<Scenario> scenarios)
      throws IOException, InterruptedException {
    Map<Target, Rig> rigs = new LinkedHashMap<>();
    try {
      for (Target target : targets) {
        Rig rig = new Rig(target, scenarios.get(0), folder, brokerOptions);
        rigs.put(target, rig);
        rig.connect(new LinkedHashMap<>());
        for (Scenario scenario : scenarios) {
          int seconds = Math.max(1, scenario.warmupSeconds() / scenarios.size());
          System.out.printf("%s: %d s of %s%n", target.name(), seconds, scenario.describe());
          run(rig, scenario.lasting(0, seconds));
        }
      }
      for (Scenario scenario : scenarios) {
        print(folder, rounds(rigs, scenario));
      }
    } finally {
      rigs.values().forEach(Rig::close);
    }
  }

  private List<Ratios> rounds(Map<Target, Rig> rigs, Scenario scenario)
      throws IOException, InterruptedException {
    String what = scenario.describe();
    Ratios work = new Ratios(what + ": CPU per message, µs", "%.2f");
    Ratios compiling = new Ratios(what + ": compilers' CPU per message, µs", "%.2f");
    Ratios memory = new Ratios(what + ": RSS, MB", "%.0f");
    Threads threads = new Threads();
    Ratios speed = new Ratios(what + ": messages per second", "%.0f");
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<Target, Rig> each : inTurn(rigs.entrySet(), round)) {
        Target target = each.getKey();
        Map<String, Double> figures =
            run(each.getValue(), scenario.lasting(settle(scenario), scenario.seconds()));
        work.add(target.name(), figures.get("work_us_per_message"));
        compiling.add(target.name(), figures.get("compiler_us_per_message"));
        memory.add(target.name(), figures.get("rss_mb"));
        threads.add(target.name(), figures);
        speed.add(target.name(), figures.get("per_second"));
        System.out.printf(
            Locale.ROOT,
            "%d/%d %s, %s: %.0f/s, %.2f µs, others took %.1f cores%s%n",
            round + 1,
            rounds,
            target.name(),
            what,
            figures.get("per_second"),
            figures.get("work_us_per_message"),
            figures.get("others_cpu_cores"),
            faults(figures));
      }
    }
    System.out.println(threads.markdown());
    return List.of(work, compiling, speed, memory);
  }

  /** Polls go on for ever, so the heap must have become what it is then. */
  private static int settle(Scenario scenario) {
    return scenario.mode() == Mode.HOLD ? POLLS_SETTLE_SECONDS : 1;
  }

  private static Map<String, Double> run(Rig rig, Scenario scenario)
      throws IOException, InterruptedException {
    Map<String, Double> figures = new LinkedHashMap<>();
    if (scenario.mode() == Mode.UPLINK) {
      new UplinkRun(rig, scenario).run(figures);
    } else {
      new RequestRun(rig, scenario).run(figures);
    }
    return figures;
  }

  private static String faults(Map<String, Double> figures) {
    StringBuilder text = new StringBuilder();
    for (String fault : FAULTS) {
      double count = figures.getOrDefault(fault, 0.0);
      if (count > 0) {
        text.append(", ").append(fault.replace('_', ' ')).append(' ').append((long) count);
      }
    }
    return text.toString();
  }

  private static <T> List<T> inTurn(Collection<T> targets, int round) {
    List<T> turns = new ArrayList<>(targets);
    if (round % 2 == 1) {
      Collections.reverse(turns);
    }
    return turns;
  }

  private static void print(Path folder, List<Ratios> tables) throws IOException {
    for (Ratios table : tables) {
      System.out.println(table.markdown());
      Files.writeString(
          folder.resolve("compare.md"),
          table.markdown(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
  }
}
