package dev.evsebridge.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One figure of several targets, round by round, and each target's ratio to the first one. */
final class Ratios {
  private final String title;
  private final String format;
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  /**
   * Creates an empty table.
   *
   * @param title what is compared, with its unit
   * @param format of one value
   */
  Ratios(String title, String format) {
    this.title = title;
    this.format = format;
  }

  void add(String target, @Nullable Double value) {
    values
        .computeIfAbsent(target, name -> new ArrayList<>())
        .add(value == null ? Double.NaN : value);
  }

  /** The median over the rounds. */
  double median(String target) {
    return median(values.getOrDefault(target, List.of()));
  }

  /** The median of the rounds' ratios to the first target. */
  double medianRatio(String target) {
    return median(ratios(target));
  }

  private List<Double> ratios(String target) {
    List<Double> base = values.values().iterator().next();
    List<Double> others = values.getOrDefault(target, List.of());
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < Math.min(base.size(), others.size()); i++) {
      ratios.add(others.get(i) / base.get(i));
    }
    return ratios;
  }

  /** A table with a line for each target: the rounds, their median, and the ratios. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("| ")
        .append(title)
        .append(" | rounds | median | ratio by round | median | range |");
    text.append("\n|---|---|---|---|---|---|\n");
    String first = values.isEmpty() ? "" : values.keySet().iterator().next();
    for (Map.Entry<String, List<Double>> each : values.entrySet()) {
      text.append("| ").append(each.getKey()).append(" | ");
      text.append(all(format, each.getValue())).append(" | ");
      text.append(String.format(Locale.ROOT, format, median(each.getValue()))).append(" | ");
      if (each.getKey().equals(first)) {
        text.append("– | – | – |\n");
      } else {
        List<Double> ratios = ratios(each.getKey());
        double[] sorted = sorted(ratios);
        text.append(all("%.3f", ratios)).append(" | ");
        text.append(String.format(Locale.ROOT, "**%.3f**", median(ratios))).append(" | ");
        text.append(
            sorted.length == 0
                ? "–"
                : String.format(Locale.ROOT, "%.3f to %.3f", sorted[0], sorted[sorted.length - 1]));
        text.append(" |\n");
      }
    }
    return text.append('\n').toString();
  }

  private static String all(String format, List<Double> values) {
    return String.join(
        " ", values.stream().map(each -> String.format(Locale.ROOT, format, each)).toList());
  }

  private static double median(List<Double> all) {
    double[] sorted = sorted(all);
    return sorted.length == 0
        ? Double.NaN
        : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  private static double[] sorted(List<Double> all) {
    double[] sorted =
        all.stream().mapToDouble(Double::doubleValue).filter(each -> !Double.isNaN(each)).toArray();
    Arrays.sort(sorted);
    return sorted;
  }
}
