package dev.evsebridge.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What each thread of the bridges takes for a message: where the differences come from. */
final class Threads {
  private static final double LEAST_MICROS = 0.1;

  private final Map<String, Map<String, double[]>> micros = new TreeMap<>();
  private final Map<String, Integer> rounds = new LinkedHashMap<>();

  void add(String target, Map<String, Double> figures) {
    rounds.merge(target, 1, Integer::sum);
    figures.forEach(
        (name, value) -> {
          if (name.startsWith(Rig.THREAD)) {
            micros
                .computeIfAbsent(name.substring(Rig.THREAD.length()), thread -> new TreeMap<>())
                .merge(target, new double[] {value}, Threads::join);
          }
        });
  }

  private static double[] join(double[] some, double[] more) {
    double[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }

  /** Medians over the rounds, without threads that do next to nothing. */
  String markdown() {
    List<String> targets = List.copyOf(rounds.keySet());
    StringBuilder text = new StringBuilder("| thread: CPU per message, µs | ");
    text.append(String.join(" | ", targets)).append(" |\n|---");
    text.append("|---".repeat(targets.size())).append("|\n");
    micros.forEach(
        (thread, values) -> {
          List<Double> medians =
              targets.stream()
                  .map(target -> median(values.getOrDefault(target, new double[] {0})))
                  .toList();
          if (medians.stream().anyMatch(median -> median >= LEAST_MICROS)) {
            text.append("| ").append(thread);
            medians.forEach(median -> text.append(String.format(Locale.ROOT, " | %.2f", median)));
            text.append(" |\n");
          }
        });
    return text.toString();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
