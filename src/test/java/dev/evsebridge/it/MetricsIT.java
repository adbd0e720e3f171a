package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What Prometheus scrapes, and what the dashboard makes of it. */
@RequiresMosquitto
class MetricsIT {
  private static final int PORT = FreePort.find();
  private static final HttpProbe HTTP = HttpProbe.of(PORT);
  private static final Path DASHBOARD =
      Path.of(System.getProperty("basedir", ""), "deploy/grafana/evse-mqtt-bridge.json");
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  @RegisterExtension
  static final Installation INSTALLATION =
      Installation.with(
          bridge ->
              bridge
                  .property("web.port", Integer.toString(PORT))
                  .property("sensors.current_l1", "0,100,1")
                  .property("sensors.voltage_l1", "0,100,1"));

  private final String serial = Serials.next();

  @Test
  void countsAndMeasures() {
    RawCharger charger =
        INSTALLATION
            .charger(serial)
            .answerLikeFirmware(
                ChargerReading.typical()
                    .contactor(1)
                    .pwmPercent(26)
                    .pilotVoltage(2)
                    .millivolts(2300, 1, 1)
                    .milliamps(150, 1, 1)
                    .rssi(-61)
                    .uptime(7_000),
                9);
    Map<String, Double> before = scrape();
    INSTALLATION.probe().request(Messages.collect(serial));
    INSTALLATION.probe().take(MqttProbe.message("response_collect_data", serial));
    INSTALLATION.probe().request(Messages.setPwm(serial, 200));
    INSTALLATION.probe().take(MqttProbe.errorOf(serial));
    String labels = "charger=" + serial;
    Patience.until(
        "it is there", () -> scrape().containsKey("evse_charger_offered_amperes{" + labels + "}"));
    Map<String, Double> after = scrape();

    assertEquals(1, after.get("evse_bridge_broker_connected"));
    assertEquals(1, after.get("evse_bridge_listening"));
    assertEquals(0, after.get("evse_bridge_outbox_dropped_total"));
    assertRises(before, after, "evse_bridge_messages_total{message_type=response_collect_data}");
    assertRises(
        before,
        after,
        "evse_bridge_requests_total{outcome=ok,request_type=request_data_collection}");
    assertRises(
        before,
        after,
        "evse_bridge_requests_total{outcome=invalid_value,request_type=request_set_pwm_percent}");
    assertRises(
        before,
        after,
        "evse_bridge_request_duration_seconds_count{request_type=request_data_collection}");
    assertTrue(
        after.containsKey(
            "evse_bridge_request_duration_seconds_bucket{le=0.05,request_type=request_data_collection}"));
    assertEquals(1, after.get("evse_charger_connected{" + labels + "}"));
    assertEquals(1, after.get("evse_charger_connections_total{" + labels + "}"));
    assertEquals(1, after.get("evse_charger_contactor_closed{" + labels + "}"));
    assertEquals(15.6, after.get("evse_charger_offered_amperes{" + labels + "}"), 0.01);
    assertEquals(230, after.get("evse_charger_voltage_volts{" + labels + ",phase=1}"), 0.1);
    assertEquals(15, after.get("evse_charger_current_amperes{" + labels + ",phase=1}"), 0.01);
    assertFalse(after.containsKey("evse_charger_current_amperes{" + labels + ",phase=2}"));
    assertEquals(3450, after.get("evse_charger_power_watts{" + labels + "}"), 1);
    assertEquals(-61, after.get("evse_charger_wifi_rssi_dbm{" + labels + "}"));
    assertEquals(7, after.get("evse_charger_uptime_seconds{" + labels + "}"), 60);
    assertEquals(
        System.currentTimeMillis() / 1000.0,
        after.get("evse_charger_last_reading_timestamp_seconds{" + labels + "}"),
        120);
    assertEquals(1, after.get("evse_charger_pilot_state{" + labels + ",state=C}"));
    assertEquals(0, after.get("evse_charger_pilot_state{" + labels + ",state=A}"));
    assertTrue(
        after.containsKey(
            "evse_charger_info{" + labels + ",firmware_version=9,serial=" + serial + "}"));
    assertTrue(after.containsKey("process_resident_memory_bytes"));

    charger.close();
    Patience.until(
        "it has gone", () -> scrape().get("evse_charger_connected{" + labels + "}") == 0);
    assertFalse(scrape().containsKey("evse_charger_power_watts{" + labels + "}"));
  }

  private static void assertRises(
      Map<String, Double> before, Map<String, Double> after, String series) {
    assertTrue(after.containsKey(series), () -> series + " is not among " + after.keySet());
    assertTrue(after.get(series) > before.getOrDefault(series, 0.0), series);
  }

  @Test
  void countsWhatBecomesOfConnections() {
    for (String outcome :
        List.of("accepted", "limit", "serial", "handshake_timeout", "protocol_error")) {
      assertTrue(
          scrape().containsKey("evse_bridge_connections_total{outcome=" + outcome + "}"), outcome);
    }
    double before = scrape().get("evse_bridge_connections_total{outcome=protocol_error}");
    INSTALLATION.charger(serial).sendHex("ffffffffff").awaitClosed();
    Patience.until(
        "it is counted",
        () -> scrape().get("evse_bridge_connections_total{outcome=protocol_error}") > before);
  }

  @Test
  void makesNoSeriesOfWhatClientsWrite() {
    INSTALLATION
        .probe()
        .request("{\"message_type\":\"request_\\\"}\",\"client_id\":\"" + serial + "\"}");
    INSTALLATION.probe().take(MqttProbe.errorOf(serial));
    assertTrue(
        scrape()
            .containsKey(
                "evse_bridge_requests_total{outcome=unknown_message_type,request_type=unknown}"));
  }

  @Test
  void isWellFormed() {
    Answer answer = HTTP.get("/metrics");
    assertTrue(
        String.valueOf(answer.header("Content-Type")).startsWith("text/plain; version=0.0.4"));
    Set<String> typed = new TreeSet<>();
    Set<String> seen = new TreeSet<>();
    String family = "";
    for (String line : answer.body().split("\n", -1)) {
      if (line.startsWith("# TYPE ")) {
        family = line.split(" ", -1)[2];
        assertTrue(typed.add(family), "twice: " + line);
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        Matcher sample = SAMPLE.matcher(line);
        assertTrue(sample.matches(), line);
        assertTrue(sample.group(1).startsWith(family), line + " in " + family);
        assertTrue(seen.add(sample.group(1) + sample.group(2)), "twice: " + line);
        Double unused = Double.valueOf(sample.group(3).replace("Inf", "Infinity"));
      }
    }
    assertTrue(answer.body().endsWith("\n"));
    assertTrue(
        String.valueOf(
                HTTP.get("/observe/metrics", "Accept: application/openmetrics-text; version=1.0.0")
                    .header("Content-Type"))
            .startsWith("application/openmetrics-text"));
  }

  @Test
  void theDashboardAsksOnlyForWhatThereIs() throws IOException {
    INSTALLATION.charger(serial).answerLikeFirmware();
    INSTALLATION.probe().request(Messages.collect(serial));
    INSTALLATION.probe().take(MqttProbe.message("response_collect_data", serial));
    Patience.until(
        "it is there",
        () -> scrape().containsKey("evse_charger_power_watts{charger=" + serial + "}"));
    Map<String, Set<String>> labels = new TreeMap<>();
    scrape()
        .keySet()
        .forEach(
            series -> {
              String name = series.replaceFirst("\\{.*", "");
              Set<String> known = labels.computeIfAbsent(name, first -> new TreeSet<>());
              Pattern.compile("[{,]([a-z_]+)=")
                  .matcher(series)
                  .results()
                  .map(match -> match.group(1))
                  .forEach(known::add);
            });
    // Of energy there is something only after a car has charged.
    labels.putIfAbsent("evse_charger_energy_watthours_total", Set.of("charger"));
    JsonNode dashboard = new ObjectMapper().readTree(DASHBOARD.toFile());
    int queries = 0;
    for (JsonNode target : dashboard.findValues("targets")) {
      for (JsonNode each : target) {
        queries++;
        check(each.get("expr").asText(), each.get("legendFormat").asText(), labels);
      }
    }
    assertTrue(queries > 20, "only " + queries);
    assertEquals(
        "label_values(evse_charger_connected, charger)",
        dashboard.at("/templating/list/1/query/query").asText());
  }

  private static void check(String query, String legend, Map<String, Set<String>> labels) {
    List<String> names =
        Pattern.compile("\\b(?:evse|process|jvm)_[a-z_]+")
            .matcher(query)
            .results()
            .map(MatchResult::group)
            .toList();
    assertEquals(1, names.size(), query);
    Set<String> known = labels.getOrDefault(names.get(0), Set.of("(no such metric)"));
    assertFalse(known.contains("(no such metric)"), query);
    Set<String> used = new TreeSet<>();
    Pattern.compile("[{,]\\s*([a-z_]+)\\s*(?:=~|!=|=)")
        .matcher(query)
        .results()
        .forEach(match -> used.add(match.group(1)));
    Matcher by = Pattern.compile("by \\(([^)]*)\\)").matcher(query);
    if (by.find()) {
      used.addAll(List.of(by.group(1).split(",\\s*", -1)));
    }
    Pattern.compile("\\{\\{(\\w+)}}")
        .matcher(legend)
        .results()
        .forEach(match -> used.add(match.group(1)));
    assertTrue(known.containsAll(used), () -> query + " uses " + used + " of " + known);
  }

  /** By name and sorted labels. */
  private static Map<String, Double> scrape() {
    Map<String, Double> series = new TreeMap<>();
    for (String line : HTTP.get("/observe/metrics").body().split("\n", -1)) {
      Matcher sample = SAMPLE.matcher(line);
      if (!line.startsWith("#") && sample.matches()) {
        Set<String> labels = new TreeSet<>();
        LABEL
            .matcher(sample.group(2) == null ? "" : sample.group(2))
            .results()
            .forEach(label -> labels.add(label.group(1) + "=" + label.group(2)));
        series.put(
            labels.isEmpty()
                ? sample.group(1)
                : sample.group(1) + "{" + String.join(",", labels) + "}",
            Double.valueOf(sample.group(3).replace("Inf", "Infinity")));
      }
    }
    return series;
  }
}
