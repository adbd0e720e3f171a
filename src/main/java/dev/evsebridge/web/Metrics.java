package dev.evsebridge.web;

import dev.evsebridge.charger.connection.ConnectionTally;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.Reading;
import dev.evsebridge.runtime.Counts;
import dev.evsebridge.state.ChargerState;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Prometheus scrapes. Nothing is done for it while chargers are served, but to time requests:
 * everything else is looked up at each scrape.
 */
final class Metrics {

  private static final Logger LOG = LoggerFactory.getLogger(Metrics.class);

  /** Above that, series for each charger would be more than a scrape should carry. */
  private static final int MOST_CHARGERS = 500;

  private static final double WATTHOURS_PER_KILOWATTHOUR = 1_000;
  private static final double MILLIS_PER_SECOND = 1_000;
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Sources sources;
  private final BrokerCheck brokerCheck;
  private final ChargerBook book;
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final ExpositionFormats formats = ExpositionFormats.init();
  private final Histogram durations;
  private boolean ofTheJvmToo;
  private boolean leftOut;

  Metrics(Sources sources, BrokerCheck brokerCheck, ChargerBook book) {
    this.sources = sources;
    this.brokerCheck = brokerCheck;
    this.book = book;
    this.durations =
        Histogram.builder()
            .name("evse_bridge_request_duration_seconds")
            .help("Time until a request ended in its response")
            .classicOnly()
            .classicUpperBounds(.05, .1, .25, .5, 1, 2.5, 5, 10)
            .labelNames("request_type")
            .register(registry);
    registry.register(this::collect);
  }

  /** A request has ended in its response. */
  void took(String requestType, long nanos) {
    durations.labelValues(requestType).observe(nanos / NANOS_PER_SECOND);
  }

  void addTo(Router router) {
    WebServer.reads(router, SecurityRules.METRICS).handler(this::answer);
    WebServer.reads(router, SecurityRules.METRICS_ALIAS).handler(this::answer);
  }

  private void answer(RoutingContext ctx) {
    ExpositionFormatWriter writer = formats.findWriter(ctx.request().getHeader(HttpHeaders.ACCEPT));
    ctx.vertx()
        .executeBlocking(() -> scrape(writer), false)
        .onSuccess(
            text ->
                ctx.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, writer.getContentType())
                    .end(text))
        .onFailure(ctx::fail);
  }

  private synchronized Buffer scrape(ExpositionFormatWriter writer) throws IOException {
    if (!ofTheJvmToo) {
      // Not before somebody wants it: it takes a good part of the start.
      ofTheJvmToo = true;
      JvmMetrics.builder().register(registry);
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    writer.write(text, registry.scrape());
    return Buffer.buffer(text.toByteArray());
  }

  private MetricSnapshots collect() {
    Families families = new Families();
    ofBridge(families);
    Collection<ChargerPage> chargers = book.pages();
    if (chargers.size() <= MOST_CHARGERS) {
      Instant now = Instant.now();
      chargers.forEach(charger -> ofCharger(families, charger, now));
    } else if (!leftOut) {
      leftOut = true;
      LOG.info(
          "There are more than {} chargers: metrics have no series for each of them",
          MOST_CHARGERS);
    }
    return families.snapshots();
  }

  private void ofBridge(Families families) {
    families.info(
        "evse_bridge_build",
        "Version of the bridge and of Java",
        Labels.of("version", sources.version(), "java", Runtime.version().toString()));
    families.flag(
        "evse_bridge_broker_connected",
        "Whether the broker is connected",
        sources.failSafe().isBrokerConnected(),
        Labels.EMPTY);
    families.counter(
        "evse_bridge_broker_disconnects",
        "How often the broker was lost",
        brokerCheck.losses(),
        Labels.EMPTY);
    families.flag(
        "evse_bridge_listening",
        "Whether chargers can connect",
        sources.failSafe().isListening(),
        Labels.EMPTY);
    families.gauge(
        "evse_bridge_chargers_connected",
        "Chargers that are connected",
        sources.registry().sessions().size(),
        Labels.EMPTY);
    for (ConnectionTally.Outcome outcome : ConnectionTally.Outcome.values()) {
      families.counter(
          "evse_bridge_connections",
          "Connections that were made, by what has become of them",
          sources.admission().tally().of(outcome),
          Labels.of("outcome", outcome.name().toLowerCase(Locale.ROOT)));
    }
    Counts counts = sources.registry().counts();
    counts
        .messages()
        .forEach(
            (type, count) ->
                families.counter(
                    "evse_bridge_messages",
                    "Messages of chargers",
                    count,
                    Labels.of("message_type", type)));
    counts
        .requests()
        .forEach(
            (ended, count) ->
                families.counter(
                    "evse_bridge_requests",
                    "Requests that have ended, by ok or the code of the error",
                    count,
                    Labels.of("request_type", ended.requestType(), "outcome", ended.outcome())));
    families.gauge(
        "evse_bridge_requests_waiting",
        "Requests that wait for a charger",
        sources.openRequests().size(),
        Labels.EMPTY);
    families.gauge(
        "evse_bridge_outbox_messages",
        "Messages that wait for the broker",
        sources.broker().bufferedMessages(),
        Labels.EMPTY);
    families.counter(
        "evse_bridge_outbox_dropped",
        "Messages that were dropped",
        sources.broker().lostMessages(),
        Labels.EMPTY);
    families.gauge(
        "evse_bridge_chargers_held_back",
        "Chargers from which nothing is read now",
        sources.backPressure().pausedConnections(),
        Labels.EMPTY);
  }

  private static void ofCharger(Families families, ChargerPage charger, Instant now) {
    ChargerState state = charger.state();
    if (state == null) {
      return;
    }
    Labels labels = Labels.of("charger", state.clientId());
    families.info(
        "evse_charger",
        "Serial number and firmware of a charger",
        labels.merge(
            Labels.of(
                "serial",
                state.serial(),
                "firmware_version",
                Integer.toString(state.firmwareVersion()))));
    families.flag("evse_charger_connected", "Whether it is connected", state.connected(), labels);
    families.counter("evse_charger_connections", "Its connections", charger.connections(), labels);
    families.flag(
        "evse_charger_contactor_closed",
        "Whether the contactor is closed",
        state.contactorState(),
        labels);
    families.gauge(
        "evse_charger_offered_amperes", "What it offers the car", state.offeredAmps(), labels);
    families.gauge(
        "evse_charger_cable_rating_amperes", "Rating of the cable", state.cableAmps(), labels);
    ofPilot(families, state.pilotVoltage(), labels);
    ofPhases(families, state, labels);
    families.gauge("evse_charger_power_watts", "Power", state.powerWatts(), labels);
    families.counter(
        "evse_charger_energy_watthours",
        "Energy since the first calibrated reading",
        state.energyKwh() == null ? null : state.energyKwh() * WATTHOURS_PER_KILOWATTHOUR,
        labels);
    families.gauge(
        "evse_charger_wifi_rssi_dbm", "Strength of the Wi-Fi signal", state.wifiRssiDbm(), labels);
    Reading reading = charger.reading();
    Instant readAt = charger.readAt();
    if (reading != null && readAt != null && state.connected()) {
      Measurements measured = reading.measurements();
      families.gauge(
          "evse_charger_uptime_seconds",
          "Time since the charger's start",
          (measured.uptimeMilliseconds() + Duration.between(readAt, now).toMillis())
              / MILLIS_PER_SECOND,
          labels);
    }
    if (readAt != null) {
      families.gauge(
          "evse_charger_last_reading_timestamp_seconds",
          "When the last reading came",
          readAt.toEpochMilli() / MILLIS_PER_SECOND,
          labels);
    }
  }

  private static void ofPilot(Families families, @Nullable PilotVoltage pilot, Labels charger) {
    if (pilot == null) {
      return;
    }
    for (PilotVoltage each : PilotVoltage.values()) {
      families.flag(
          "evse_charger_pilot_state",
          "State of the control pilot: one of them is 1",
          each == pilot,
          charger.merge(Labels.of("state", letter(each))));
    }
  }

  private static String letter(PilotVoltage pilot) {
    return switch (pilot) {
      case VOLT_12 -> "A";
      case VOLT_9 -> "B";
      case VOLT_6 -> "C";
      case VOLT_3 -> "D";
      case FAULT -> "fault";
    };
  }

  private static void ofPhases(Families families, ChargerState state, Labels charger) {
    @Nullable Double[] volts = {state.phase1Volts(), state.phase2Volts(), state.phase3Volts()};
    @Nullable Double[] amps = {state.phase1Amps(), state.phase2Amps(), state.phase3Amps()};
    for (int i = 0; i < volts.length; i++) {
      Labels labels = charger.merge(Labels.of("phase", Integer.toString(i + 1)));
      families.gauge("evse_charger_voltage_volts", "Voltage of a phase", volts[i], labels);
      families.gauge("evse_charger_current_amperes", "Current of a phase", amps[i], labels);
    }
  }
}
