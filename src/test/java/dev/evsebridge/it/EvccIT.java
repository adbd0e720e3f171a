package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.docs.MarkdownFile;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * The blocks for evcc in docs/home-assistant.md fit to evcc's structs (charger/charger.go,
 * plugin/mqtt.go, plugin/watchdog.go), to what the bridge publishes and to what it takes.
 */
@RequiresMosquitto
class EvccIT {
  private static final int VOLT_9 = 1;

  private static final Set<String> MEASURED = Set.of("power", "energy", "currents", "voltages");
  private static final Set<String> SETTERS = Set.of("enable", "maxcurrent", "maxcurrentmillis");

  private static final Set<String> NEEDED =
      Set.of("name", "type", "status", "enabled", "enable", "maxcurrent", "maxcurrentmillis");

  private static final Set<String> MQTT_KEYS =
      Set.of("source", "topic", "payload", "retained", "scale", "timeout", "jq", "regex");

  private static final Set<String> WATCHDOG_KEYS =
      Set.of("source", "reset", "initial", "set", "timeout", "defer");

  /** The only sort of expression that is used, and so the only one that is understood here. */
  private static final Pattern JQ = Pattern.compile("\\.([a-z0-9_]+)");

  private final String serial = Serials.next();

  @Test
  void findsAndCommandsACalibratedCharger() {
    Map<String, Object> charger = charger(0);
    Set<String> all = new TreeSet<>(NEEDED);
    all.addAll(MEASURED);
    assertEquals(all, charger.keySet());
    try (Installation installation = Installation.with(EvccIT::calibrated).start()) {
      run(installation, charger);
    }
  }

  @Test
  void findsAndCommandsAChargerWithoutCalibration() {
    Map<String, Object> charger = charger(1);
    assertEquals(new TreeSet<>(NEEDED), charger.keySet());
    try (Installation installation = Installation.with(EvccIT::asDocumented).start()) {
      run(installation, charger);
    }
  }

  private void run(Installation installation, Map<String, Object> charger) {
    installation
        .charger(serial)
        .answerLikeFirmware(ChargerReading.typical().pilotVoltage(VOLT_9), 9);
    for (Map.Entry<String, Object> each : charger.entrySet()) {
      switch (each.getKey()) {
        case "name", "type", "enable", "maxcurrent", "maxcurrentmillis" -> {
          // Set below.
        }
        default -> {
          List<?> getters =
              each.getValue() instanceof List<?> list ? list : List.of(each.getValue());
          assertEquals(
              each.getKey().endsWith("s") && MEASURED.contains(each.getKey()) ? 3 : 1,
              getters.size());
          for (Object getter : getters) {
            get(installation, each.getKey(), map(getter));
          }
        }
      }
    }
    assertTrue(charger.keySet().containsAll(SETTERS));
    set(
        installation,
        map(charger.get("enable")),
        "true",
        state -> state.path("enabled").asBoolean());
    set(installation, map(charger.get("maxcurrent")), "10", state -> limit(state) == 10);
    Map<String, Object> watchdog = map(charger.get("maxcurrentmillis"));
    only(WATCHDOG_KEYS, watchdog);
    assertEquals("watchdog", watchdog.get("source"));
    assertEquals(
        "60s", watchdog.get("timeout"), "half of it is less than the bridge's alive.timeout");
    set(installation, map(watchdog.get("set")), "6.5", state -> limit(state) == 6.5);
    set(
        installation,
        map(charger.get("enable")),
        "false",
        state -> !state.path("enabled").asBoolean());
  }

  private static double limit(JsonNode state) {
    return state.path("limit_amps").asDouble();
  }

  private void get(Installation installation, String key, Map<String, Object> getter) {
    only(MQTT_KEYS, getter);
    assertEquals("mqtt", getter.get("source"), key);
    assertEquals("30s", getter.get("timeout"), "more than the 10 s between two states");
    Matcher path = JQ.matcher(String.valueOf(getter.get("jq")));
    assertTrue(path.matches(), key);
    Message state =
        installation
            .probe()
            .subscribe("from_dehneEVSE/+/state")
            .take(
                onTopic(topic(getter))
                    .and(
                        each ->
                            !each.json().path("time").isNull()
                                && !each.json().path(path.group(1)).isNull()));
    JsonNode value = state.json().path(path.group(1));
    switch (key) {
      case "status" -> assertTrue(List.of("A", "B", "C").contains(value.asText()), state::text);
      case "enabled" -> assertTrue(value.isBoolean(), state::text);
      default -> assertTrue(value.isNumber(), () -> key + " in " + state.text());
    }
  }

  private void set(
      Installation installation,
      Map<String, Object> setter,
      String payload,
      Predicate<JsonNode> done) {
    only(MQTT_KEYS, setter);
    assertEquals("mqtt", setter.get("source"));
    assertFalse(setter.containsKey("retained"), "a retained command is refused");
    installation.probe().publish(topic(setter), payload.getBytes(UTF_8));
    installation
        .probe()
        .take(onTopic("from_dehneEVSE/" + serial + "/state").and(each -> done.test(each.json())));
  }

  private String topic(Map<String, Object> plugin) {
    return String.valueOf(plugin.get("topic")).replace("Garage", serial);
  }

  private static void only(Set<String> allowed, Map<String, Object> plugin) {
    Set<String> others = new TreeSet<>(plugin.keySet());
    others.removeAll(allowed);
    assertEquals(Set.of(), others);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object node) {
    return (Map<String, Object>) node;
  }

  private static Map<String, Object> charger(int block) {
    List<String> blocks =
        MarkdownFile.of("docs/home-assistant.md").blocks("yaml").stream()
            .map(MarkdownFile.Block::text)
            .filter(text -> text.contains("chargers:"))
            .toList();
    Map<String, Object> file =
        map(new Load(LoadSettings.builder().build()).loadFromString(blocks.get(block)));
    assertEquals("evcc", map(file.get("mqtt")).get("topic"), "alive.topic lies below it");
    Map<String, Object> charger = map(((List<?>) file.get("chargers")).get(0));
    assertEquals("custom", charger.get("type"));
    assertEquals(
        charger.get("name"), map(((List<?>) file.get("loadpoints")).get(0)).get("charger"));
    return charger;
  }

  private static BridgeProcess.Builder asDocumented(BridgeProcess.Builder bridge) {
    String settings =
        MarkdownFile.of("docs/home-assistant.md").blocks("properties").stream()
            .map(MarkdownFile.Block::text)
            .collect(Collectors.joining());
    assertTrue(settings.contains("alive.topic = evcc/status"), settings);
    for (String line : settings.lines().toList()) {
      String[] setting = line.split(" = ", 2);
      bridge.property(setting[0], setting[1]);
    }
    return bridge;
  }

  private static BridgeProcess.Builder calibrated(BridgeProcess.Builder bridge) {
    for (int phase = 1; phase <= 3; phase++) {
      bridge.property("sensors.current_l" + phase, "0,1,1");
      bridge.property("sensors.voltage_l" + phase, "0,1,1");
    }
    return asDocumented(bridge);
  }
}
