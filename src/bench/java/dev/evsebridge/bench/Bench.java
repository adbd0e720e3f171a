package dev.evsebridge.bench;

import dev.evsebridge.bench.Scenario.Mode;
import dev.evsebridge.testkit.Mosquitto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line of the benchmarks. */
@Command(
    name = "mvn -Pbench -Dbench.args=\"…\"",
    sortOptions = false,
    description =
        "Measures bridges, in turns, against a Mosquitto of their own, and writes a report.",
    footer = {
      "",
      "Modes:",
      "  quick     a short round of everything, a few minutes (the default)",
      "  full      the whole table and the growth from 1 to 10 000 chargers, three times",
      "  uplink    readings that nobody asked for; as many as possible or at --rate",
      "  requests  a mix of requests; --in-flight at once, or open loop at --rate",
      "  latency   one request at a time, to one charger",
      "  hold      all connect, are idle, and are then polled every 5 s",
      "  start     from launch to listening, and memory when idle",
      "  compare   two or more bridges or settings in turns, both up all the time, the ratio of each",
      "            round; --what readings,requests,polls,start",
      "  control   chargers under the bridge's own control, with vehicles that stay and charge, then",
      "            with others that come and go",
      "  discovery Home Assistant's discovery of all chargers again, while requests go on",
      "  web       scrapes and event streams, while requests go on",
      "  restart   chargers on --bridges with one broker, which is restarted --repeat times with and",
      "            without stored messages: how long until all of them read online again",
      "  page      how soon the page can be used on slow links, in a Chromium; takes no --target",
      "  report    only writes the report again",
      "  jmh       the micro benchmarks; what follows are options of JMH",
      "",
      "Example: mvn -Pbench -Dbench.args=\"uplink --chargers 1,100 --qos 0,1 --repeat 3\"",
      "The targets are the floor and, once it is built, the bridge; any other one is named with",
      "--target name='command', where {mqttPort}, {evsePort}, {config} and {java} are replaced.",
      "More than 4 000 chargers need as many open files: see ulimit -n."
    })
final class Bench implements Callable<Integer> {
  private static final int SETTLE_SECONDS = 3;
  private static final int READINGS_UNDER_WAY = 200_000;
  private static final int SMALLEST_WINDOW = 16;
  private static final double STEADY_RATE = 400;

  @Parameters(paramLabel = "MODE", description = "what to do, see below")
  private String mode = "quick";

  @Option(
      names = "--chargers",
      split = ",",
      description = "numbers of chargers, each measured (default 100)")
  private List<Integer> chargers = List.of(100);

  @Option(
      names = "--qos",
      split = ",",
      description = "MQTT QoS, 0 or 1, each measured (default 0,1)")
  private List<Integer> qos = List.of(0, 1);

  @Option(
      names = "--in-flight",
      description = "requests under way at once (default ${DEFAULT-VALUE})")
  private int inFlight = 64;

  @Option(
      names = "--rate",
      description = "messages per second: open loop (default 0 = as many as possible)")
  private double rate;

  @Option(
      names = "--window",
      description =
          "readings that a charger may have on their way (default 0 = 200000 / chargers, at least 16)")
  private int window;

  @Option(
      names = "--warmup",
      description = "seconds before the measured ones (default 5; compare: 60)")
  private int warmup;

  @Option(names = "--seconds", description = "measured seconds (default 8; compare: 4)")
  private int seconds;

  @Option(
      names = "--repeat",
      description = "rounds, the targets taking turns in each (default 1; compare: 5)")
  private int repeat;

  @Option(
      names = "--target",
      description = "name=command, instead of the floor and the bridge; can be repeated")
  private Map<String, String> targets = new LinkedHashMap<>();

  @Option(
      names = "--jar",
      description =
          "name=file of a bridge's jar, which runs in a folder of its own; can be repeated")
  private Map<String, Path> jars = new LinkedHashMap<>();

  @Option(
      names = "--set",
      description =
          "a setting key=value of all targets, or name/key=value of one, which is the built jar if"
              + " the name is new; {webPort} is a free port; can be repeated")
  private List<String> settings = new ArrayList<>();

  @Option(
      names = "--what",
      split = ",",
      description =
          "what to compare: readings, requests, polls (each charger every 5 s), start (default"
              + " readings,requests)")
  private List<String> what = List.of("readings", "requests");

  @Option(
      names = "--bridges",
      description = "bridges that share the broker (restart; default ${DEFAULT-VALUE})")
  private int bridges = 3;

  @Option(names = "--with-floor", description = "the floor as well as the targets named")
  private boolean withFloor;

  @Option(names = "--floor-options", description = "options of the floor's JVM")
  private String floorOptions = "";

  @Option(names = "--broker-option", description = "a line of mosquitto.conf; can be repeated")
  private List<String> brokerOptions = new ArrayList<>();

  @Option(
      names = "--output",
      description = "folder of results and report (default ${DEFAULT-VALUE})")
  private Path output = Path.of("target", "bench");

  @Option(names = "--keep", description = "add to the results that are there")
  private boolean keep;

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("jmh")) {
      runMicroBenchmarks(Arrays.copyOfRange(args, 1, args.length));
      return;
    }
    CommandLine line = new CommandLine(new Bench());
    if (args.length == 0) {
      line.usage(System.out);
      System.exit(line.execute("quick"));
    }
    System.exit(line.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Files.createDirectories(output);
    setDefaults();
    switch (mode) {
      case "compare" -> {
        compare();
        return 0;
      }
      case "control" -> {
        control();
        return 0;
      }
      case "discovery" -> {
        try (Rig rig = rig(DiscoveryRun.SETTING)) {
          new DiscoveryRun(rig, steady()).run(repeat);
        }
        return 0;
      }
      case "web" -> {
        try (Rig rig = rig(WebRun.SETTING)) {
          new WebRun(rig, steady()).run(repeat);
        }
        return 0;
      }
      case "restart" -> {
        restart();
        return 0;
      }
      case "page" -> {
        PageRun.run(repeat);
        return 0;
      }
      default -> {
        // Everything else ends in the report.
      }
    }
    Path results = output.resolve("results.jsonl");
    if (!mode.equals("report")) {
      if (!keep) {
        Files.deleteIfExists(results);
      }
      measure(scenarios(), results);
    }
    Report.write(Result.readAll(results), output);
    System.out.println(Files.readString(output.resolve("report.md")));
    System.out.println("with plots: " + output.resolve("report.html").toAbsolutePath());
    return 0;
  }

  private void setDefaults() {
    boolean inRounds = Set.of("compare", "discovery", "web", "restart", "page").contains(mode);
    repeat = repeat == 0 ? (inRounds ? 5 : 1) : repeat;
    warmup = warmup == 0 ? (inRounds || mode.equals("control") ? 60 : 5) : warmup;
    if (seconds == 0) {
      seconds =
          switch (mode) {
            case "compare" -> 4;
            case "control" -> 60;
            default -> 8;
          };
    }
  }

  /** Of the one bridge named, or of the jar just built. */
  private Rig rig(String setting) throws IOException {
    List<Target> named = named();
    Target target = named.isEmpty() ? Target.jar("bridge", Target.JAR) : named.get(0);
    List<String> all = new ArrayList<>(List.of(setting));
    all.addAll(settingsOf(target.name()));
    return new Rig(target.with(all), steady(), output, brokerOptions);
  }

  /** Requests at a fixed rate. */
  private Scenario steady() {
    double perSecond = rate > 0 ? rate : STEADY_RATE;
    return scenario(Mode.REQUESTS, chargers.get(0), qos.get(qos.size() - 1), 0, perSecond);
  }

  private void control() throws IOException, InterruptedException {
    Target jar = named().isEmpty() ? Target.jar("bridge", Target.JAR) : named().get(0);
    for (int count : chargers) {
      for (int level : qos) {
        Scenario scenario = scenario(Mode.HOLD, count, level, 0, 0);
        Target on = jar.with(ControlRun.SETTINGS).with(settingsOf(jar.name()));
        Threads threads = new Threads();
        double live = ControlRun.measure(on, scenario, output, brokerOptions, threads);
        Target off = jar.with(settingsOf(jar.name()));
        double liveWithout =
            ControlRun.measureWithout(off, scenario, output, brokerOptions, threads);
        System.out.println(threads.markdown());
        System.out.printf(
            Locale.ROOT,
            "heap in use: %.1f MB with control, %.1f MB without: %.2f KB for each charger%n",
            live / 1e6,
            liveWithout / 1e6,
            (live - liveWithout) / count / 1024);
      }
    }
  }

  private void restart() throws IOException {
    for (int count : chargers) {
      for (int level : qos) {
        for (boolean stores : new boolean[] {false, true}) {
          Mosquitto.Builder broker = Mosquitto.builder().quiet();
          brokerOptions.forEach(broker::setting);
          try (RestartRun run =
              new RestartRun(
                  stores ? broker.persistent() : broker, bridges, count, level, output)) {
            System.out.printf(
                "%d chargers, %d bridges, QoS %d, broker that stores %s%n",
                count, bridges, level, stores ? "everything" : "nothing");
            run.run(repeat);
          }
        }
      }
    }
  }

  private void compare() throws IOException, InterruptedException {
    Files.deleteIfExists(output.resolve("compare.md"));
    Rounds rounds = new Rounds(repeat, targets());
    if (what.contains("start")) {
      rounds.start(output);
    }
    List<Mode> modes = new ArrayList<>();
    if (what.contains("readings")) {
      modes.add(Mode.UPLINK);
    }
    if (what.contains("requests")) {
      modes.add(Mode.REQUESTS);
    }
    if (what.contains("polls")) {
      modes.add(Mode.HOLD);
    }
    for (int level : modes.isEmpty() ? List.<Integer>of() : qos) {
      for (int count : chargers) {
        List<Scenario> kinds =
            modes.stream()
                .map(kind -> scenario(kind, count, level, atOnce(kind, count), rate))
                .toList();
        rounds.load(output, brokerOptions, kinds);
      }
    }
  }

  private List<Scenario> scenarios() {
    List<Scenario> scenarios = new ArrayList<>();
    switch (mode) {
      case "quick" -> {
        warmup = 4;
        seconds = 4;
        addUplink(scenarios, List.of(100), List.of(0, 1));
        addRequests(scenarios, List.of(1000), List.of(0));
        addLatency(scenarios, List.of(0));
        scenarios.add(scenario(Mode.START, 0, 1, 0, 0));
      }
      case "full" -> {
        warmup = 8;
        seconds = 8;
        repeat = 3;
        addUplink(scenarios, List.of(1, 100, 1000, 10_000), List.of(0, 1));
        addRequests(scenarios, List.of(100, 1000, 10_000), List.of(0, 1));
        addLatency(scenarios, List.of(0, 1));
        scenarios.add(scenario(Mode.REQUESTS, 1000, 0, 0, 2000));
        scenarios.add(scenario(Mode.HOLD, 10_000, 1, 0, 0));
        scenarios.add(scenario(Mode.START, 0, 1, 0, 0));
      }
      case "uplink" -> addUplink(scenarios, chargers, qos);
      case "requests" -> addRequests(scenarios, chargers, qos);
      case "latency" -> addLatency(scenarios, qos);
      case "hold" -> {
        for (int each : qos) {
          chargers.forEach(count -> scenarios.add(scenario(Mode.HOLD, count, each, 0, 0)));
        }
      }
      case "start" -> scenarios.add(scenario(Mode.START, 0, 1, 0, 0));
      default -> throw new IllegalArgumentException("unknown mode " + mode + "; --help names them");
    }
    return scenarios;
  }

  private void addUplink(List<Scenario> scenarios, List<Integer> counts, List<Integer> levels) {
    for (int level : levels) {
      counts.forEach(count -> scenarios.add(scenario(Mode.UPLINK, count, level, 0, rate)));
    }
  }

  private void addRequests(List<Scenario> scenarios, List<Integer> counts, List<Integer> levels) {
    for (int level : levels) {
      for (int count : counts) {
        scenarios.add(scenario(Mode.REQUESTS, count, level, atOnce(Mode.REQUESTS, count), rate));
      }
    }
  }

  private int atOnce(Mode kind, int count) {
    return kind == Mode.REQUESTS && rate == 0 ? Math.min(inFlight, count) : 0;
  }

  private void addLatency(List<Scenario> scenarios, List<Integer> levels) {
    levels.forEach(level -> scenarios.add(scenario(Mode.LATENCY, 1, level, 1, 0)));
  }

  private Scenario scenario(Mode kind, int count, int level, int atOnce, double perSecond) {
    int readings = 0;
    if (kind == Mode.UPLINK) {
      readings = window > 0 ? window : Math.max(SMALLEST_WINDOW, READINGS_UNDER_WAY / count);
    }
    return new Scenario(kind, count, level, atOnce, perSecond, readings, warmup, seconds);
  }

  private List<Target> targets() {
    List<Target> all = named();
    boolean noneNamed = all.isEmpty();
    if (noneNamed || withFloor) {
      all.add(0, Target.floor(floorOptions));
    }
    if (noneNamed) {
      if (Files.exists(Target.JAR)) {
        all.add(Target.jar("bridge", Target.JAR));
      } else {
        System.out.println(Target.JAR + " is not there: only the floor is measured");
      }
    }
    return all.stream().map(target -> target.with(settingsOf(target.name()))).toList();
  }

  private List<Target> named() {
    List<Target> all = new ArrayList<>();
    targets.forEach((name, command) -> all.add(new Target(name, command, List.of(), null)));
    jars.forEach((name, jar) -> all.add(Target.jar(name, jar)));
    settings.stream()
        .map(Bench::targetOf)
        .filter(name -> !name.isEmpty())
        .distinct()
        .filter(name -> all.stream().noneMatch(target -> target.name().equals(name)))
        .forEach(name -> all.add(Target.jar(name, Target.JAR)));
    return all;
  }

  /** The target that a setting is for; empty for all. */
  private static String targetOf(String setting) {
    String key = setting.substring(0, Math.max(0, setting.indexOf('=')));
    return key.substring(0, Math.max(0, key.indexOf('/')));
  }

  private List<String> settingsOf(String target) {
    return settings.stream()
        .filter(each -> targetOf(each).isEmpty() || targetOf(each).equals(target))
        .map(each -> targetOf(each).isEmpty() ? each : each.substring(target.length() + 1))
        .toList();
  }

  private void measure(List<Scenario> scenarios, Path results)
      throws IOException, InterruptedException {
    List<Target> all = targets();
    for (int round = 1; round <= repeat; round++) {
      for (Scenario scenario : scenarios) {
        for (Target target : all) {
          System.out.printf(
              Locale.ROOT, "%d/%d %s, %s: ", round, repeat, scenario.describe(), target.name());
          Map<String, Double> figures = new LinkedHashMap<>();
          try {
            run(target, scenario, figures);
            System.out.println(Report.cell(List.of(new Result(target.name(), scenario, figures))));
          } catch (IOException | RuntimeException e) {
            System.out.println("failed: " + e.getMessage());
            figures.put("failed", 1.0);
          }
          new Result(target.name(), scenario, figures).append(results);
        }
      }
    }
  }

  private void run(Target target, Scenario scenario, Map<String, Double> figures)
      throws IOException, InterruptedException {
    if (scenario.mode() == Mode.START) {
      StartRun.run(target, output, SETTLE_SECONDS, figures);
      return;
    }
    try (Rig rig = new Rig(target, scenario, output, brokerOptions)) {
      rig.connect(figures);
      if (scenario.mode() == Mode.UPLINK) {
        new UplinkRun(rig, scenario).run(figures);
      } else {
        new RequestRun(rig, scenario).run(figures);
      }
    }
  }

  /** Time, and allocation through the profiler of JMH. */
  private static void runMicroBenchmarks(String[] args) {
    List<String> all = new ArrayList<>(List.of("-prof", "gc"));
    all.addAll(List.of(args));
    try {
      org.openjdk.jmh.Main.main(all.toArray(String[]::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
