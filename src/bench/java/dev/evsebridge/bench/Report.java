package dev.evsebridge.bench;

import dev.evsebridge.bench.Scenario.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Writes {@code report.md} (the table) and {@code report.html} (the table and the plots, in one
 * file) from the results.
 */
final class Report {
  private static final double DISTURBING_CORES = 0.2;
  private static final String[] FAULTS = {
    "lost",
    "duplicates",
    "out_of_order",
    "malformed",
    "wrong",
    "errors",
    "connections_lost",
    "not_announced",
    "skipped"
  };

  private final List<Result> results;
  private final Set<String> targets;
  private final Map<Scenario, Map<String, List<Result>>> rows = new LinkedHashMap<>();

  private Report(List<Result> results) {
    this.results = results;
    this.targets =
        results.stream().map(Result::target).collect(Collectors.toCollection(LinkedHashSet::new));
    for (Result result : results) {
      rows.computeIfAbsent(result.scenario(), scenario -> new LinkedHashMap<>())
          .computeIfAbsent(result.target(), target -> new ArrayList<>())
          .add(result);
    }
  }

  static void write(List<Result> results, Path folder) throws IOException {
    Report report = new Report(results);
    Files.writeString(folder.resolve("report.md"), report.markdown());
    Files.writeString(folder.resolve("report.html"), report.html());
  }

  /**
   * The runs of one scenario with one target, in a few words: medians, and the sum of whatever went
   * wrong.
   */
  static String cell(Collection<Result> runs) {
    List<Result> good = runs.stream().filter(run -> Double.isNaN(run.figure("failed"))).toList();
    if (good.isEmpty()) {
      return runs.isEmpty() ? "–" : "failed";
    }
    Mode mode = good.get(0).scenario().mode();
    List<String> parts = new ArrayList<>();
    switch (mode) {
      case START -> {
        parts.add(format("%.2f s", median(good, "start_s")));
        parts.add(format("CPU %.2f s", median(good, "start_cpu_s")));
        parts.add(format("RSS %.0f MB", median(good, "rss_idle_mb")));
      }
      case HOLD -> {
        parts.add(format("connected in %.2f s", median(good, "connect_s")));
        parts.add(format("RSS idle %.0f MB", median(good, "rss_idle_mb")));
        parts.add(format("polls %.0f/s", median(good, "per_second")));
        parts.add(format("%.1f µs", median(good, "cpu_us_per_message")));
      }
      case LATENCY -> parts.add(format("%.1f µs", median(good, "cpu_us_per_message")));
      case UPLINK, REQUESTS -> {
        parts.add(format("%,.0f/s", median(good, "per_second")));
        parts.add(format("%.1f µs", median(good, "cpu_us_per_message")));
        parts.add(format("peak RSS %.0f MB", median(good, "rss_peak_mb")));
      }
    }
    if (!Double.isNaN(good.get(0).figure("p50_ms"))) {
      parts.add(
          format("p50 %.2f ms", median(good, "p50_ms"))
              + format(", p99 %.2f ms", median(good, "p99_ms")));
    }
    double others = median(good, "others_cpu_cores");
    if (others > DISTURBING_CORES) {
      parts.add(format("(others took %.1f cores)", others));
    }
    for (String fault : FAULTS) {
      double count =
          good.stream().mapToDouble(run -> run.figure(fault)).filter(each -> each > 0).sum();
      if (count > 0) {
        parts.add("**" + fault.replace('_', ' ') + format(" %.0f**", count));
      }
    }
    if (good.size() < runs.size()) {
      parts.add("**failed " + (runs.size() - good.size()) + " of " + runs.size() + "**");
    }
    return String.join(", ", parts);
  }

  private static double median(List<Result> runs, String figure) {
    double[] sorted =
        runs.stream()
            .mapToDouble(run -> run.figure(figure))
            .filter(each -> !Double.isNaN(each))
            .sorted()
            .toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  private String markdown() throws IOException {
    StringBuilder text = new StringBuilder("# Benchmark\n\n");
    machine().forEach(line -> text.append("- ").append(line).append('\n'));
    text.append("\n| work | ").append(String.join(" | ", targets)).append(" |\n");
    text.append("|---".repeat(targets.size() + 1)).append("|\n");
    rows.forEach(
        (scenario, cells) -> {
          text.append("| ").append(scenario.describe());
          for (String target : targets) {
            text.append(" | ").append(cell(cells.getOrDefault(target, List.of())));
          }
          text.append(" |\n");
        });
    text.append(
        "\nMedians over the rounds. µs = CPU of the bridge per message; faults are summed up over the rounds;"
            + " others = processes that have nothing to do with the run.\n");
    return text.toString();
  }

  private static List<String> machine() throws IOException {
    String processor =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("unknown");
    String memory = Files.readAllLines(Path.of("/proc/meminfo")).get(0).replaceAll("\\D", "");
    return List.of(
        format("%.0f cores, ", Runtime.getRuntime().availableProcessors())
            + processor
            + format(", %.0f GB", Long.parseLong(memory) / 1024.0 / 1024.0),
        "Linux " + System.getProperty("os.version") + ", Java " + Runtime.version());
  }

  private String html() throws IOException {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>Benchmark</title>
        <style>
        body { font: 14px/1.5 sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #222; }
        table { border-collapse: collapse; } td, th { border: 1px solid #ccc; padding: .3em .6em; text-align: left; }
        .plots { display: flex; flex-wrap: wrap; gap: 1em; } figure { margin: 0; }
        svg text { font: 11px sans-serif; fill: #444; } figcaption { font-weight: bold; }
        </style></head><body><h1>Benchmark</h1><ul>
        """);
    machine().forEach(line -> page.append("<li>").append(escape(line)).append("</li>\n"));
    page.append("</ul><table><tr><th>work</th>");
    targets.forEach(target -> page.append("<th>").append(escape(target)).append("</th>"));
    page.append("</tr>\n");
    rows.forEach(
        (scenario, cells) -> {
          page.append("<tr><td>").append(escape(scenario.describe())).append("</td>");
          for (String target : targets) {
            String cell = escape(cell(cells.getOrDefault(target, List.of())));
            page.append("<td>")
                .append(cell.replaceAll("\\*\\*(.*?)\\*\\*", "<b>$1</b>"))
                .append("</td>");
          }
          page.append("</tr>\n");
        });
    page.append(
        "</table><p>Medians over the rounds. µs = CPU of the bridge per message.</p><div class=\"plots\">\n");
    Predicate<Scenario> uplink = scenario -> scenario.mode() == Mode.UPLINK && scenario.rate() == 0;
    Predicate<Scenario> requests =
        scenario -> scenario.mode() == Mode.REQUESTS && scenario.rate() == 0;
    plot(page, "Readings per second", uplink, "per_second");
    plot(page, "CPU per reading, µs", uplink, "cpu_us_per_message");
    plot(page, "Requests per second", requests, "per_second");
    plot(page, "CPU per request, µs", requests, "cpu_us_per_message");
    plot(page, "p99 of a request, ms", requests, "p99_ms");
    return page.append("</div></body></html>\n").toString();
  }

  /** One plot over the number of chargers, a line for each target and QoS. */
  private void plot(StringBuilder page, String title, Predicate<Scenario> filter, String figure) {
    Map<String, TreeMap<Integer, List<Result>>> lines = new LinkedHashMap<>();
    for (Result result : results) {
      if (filter.test(result.scenario())) {
        lines
            .computeIfAbsent(
                result.target() + ", QoS " + result.scenario().qos(), name -> new TreeMap<>())
            .computeIfAbsent(result.scenario().chargers(), chargers -> new ArrayList<>())
            .add(result);
      }
    }
    Plot plot = new Plot();
    lines.forEach(
        (name, points) -> {
          TreeMap<Integer, Double> medians = new TreeMap<>();
          points.forEach(
              (chargers, runs) -> {
                double median = median(runs, figure);
                if (!Double.isNaN(median)) {
                  medians.put(chargers, median);
                }
              });
          plot.add(name, medians);
        });
    if (!lines.isEmpty()) {
      page.append("<figure><figcaption>").append(escape(title)).append("</figcaption>");
      page.append(plot.svg()).append("</figure>\n");
    }
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
