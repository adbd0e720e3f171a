package dev.evsebridge.bench;

import java.util.Map;
import org.HdrHistogram.Histogram;

/** The percentiles that are reported. */
final class Latencies {
  private Latencies() {}

  static void report(Histogram nanos, Map<String, Double> figures) {
    figures.put("p50_ms", nanos.getValueAtPercentile(50) / 1e6);
    figures.put("p90_ms", nanos.getValueAtPercentile(90) / 1e6);
    figures.put("p99_ms", nanos.getValueAtPercentile(99) / 1e6);
    figures.put("p999_ms", nanos.getValueAtPercentile(99.9) / 1e6);
    figures.put("max_ms", nanos.getMaxValue() / 1e6);
  }
}
