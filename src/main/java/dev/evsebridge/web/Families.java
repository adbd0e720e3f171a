package dev.evsebridge.web;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The metrics of one scrape while they are gathered; what is not known is left out. */
final class Families {

  private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
  private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
  private final Map<String, InfoSnapshot.Builder> infos = new LinkedHashMap<>();

  /** Adds a value that goes up and down. */
  void gauge(String name, String help, @Nullable Number value, Labels labels) {
    if (value != null) {
      gauges
          .computeIfAbsent(name, first -> GaugeSnapshot.builder().name(name).help(help))
          .dataPoint(
              GaugeDataPointSnapshot.builder().value(value.doubleValue()).labels(labels).build());
    }
  }

  /** Adds a yes or no as 1 or 0. */
  void flag(String name, String help, @Nullable Boolean is, Labels labels) {
    gauge(name, help, is == null ? null : (Integer) (is ? 1 : 0), labels);
  }

  /**
   * Adds a value that only rises.
   *
   * @param name without {@code _total}
   */
  void counter(String name, String help, @Nullable Number value, Labels labels) {
    if (value != null) {
      counters
          .computeIfAbsent(name, first -> CounterSnapshot.builder().name(name).help(help))
          .dataPoint(
              CounterDataPointSnapshot.builder().value(value.doubleValue()).labels(labels).build());
    }
  }

  /**
   * Adds what is said by labels alone.
   *
   * @param name without {@code _info}
   */
  void info(String name, String help, Labels labels) {
    infos
        .computeIfAbsent(name, first -> InfoSnapshot.builder().name(name).help(help))
        .dataPoint(InfoDataPointSnapshot.builder().labels(labels).build());
  }

  MetricSnapshots snapshots() {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    infos.values().forEach(each -> all.metricSnapshot(each.build()));
    gauges.values().forEach(each -> all.metricSnapshot(each.build()));
    counters.values().forEach(each -> all.metricSnapshot(each.build()));
    return all.build();
  }
}
