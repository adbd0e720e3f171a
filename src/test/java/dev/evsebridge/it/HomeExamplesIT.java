package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.docs.MarkdownFile;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What the examples of docs/home-assistant.md name is there: entities, topics, keys of states. */
@RequiresMosquitto
class HomeExamplesIT {
  private static final MarkdownFile PAGE = MarkdownFile.of("docs/home-assistant.md");
  private static final String STATE = "from_dehneEVSE/Garage/state";

  /** What the examples take from elsewhere. */
  private static final Set<String> FOREIGN = Set.of("sensor.electricity_price");

  private static Installation installation;
  private static JsonNode device;
  private static JsonNode state;

  @BeforeAll
  static void connectACharger() {
    String serial = Serials.next();
    installation =
        Installation.with(
                bridge ->
                    HomeAssistantIT.everything(bridge).property("evse_name.id_" + serial, "Garage"))
            .start();
    MqttProbe probe = installation.probe().subscribe("homeassistant/#");
    installation.charger(serial, "Garage", 9).answerLikeFirmware();
    device =
        probe
            .take(
                onTopic(
                    "homeassistant/device/dehne_evse_%s/config"
                        .formatted(serial.toLowerCase(Locale.ROOT))))
            .json();
    probe.request(Messages.collect("Garage"));
    state = probe.take(onTopic(STATE).and(each -> !each.json().path("time").isNull())).json();
  }

  @AfterAll
  static void close() {
    installation.close();
  }

  @Test
  void theCardAndTheAutomationsNameEntitiesThatThereAre() {
    Set<String> entities = entities();
    assertTrue(entities.contains("switch.garage_charging_allowed"), entities::toString);
    int named = 0;
    for (MarkdownFile.Block block : PAGE.blocks("yaml")) {
      assertTrue(yaml(block.text()) instanceof Map, block.text());
      Matcher entity =
          Pattern.compile("\\b(?:switch|number|sensor|binary_sensor|button|update)\\.\\w+")
              .matcher(block.text());
      while (entity.find()) {
        // Not the action that turns a switch on.
        if (!FOREIGN.contains(entity.group()) && !entity.group().startsWith("switch.turn_")) {
          assertTrue(entities.contains(entity.group()), entity.group());
          named++;
        }
      }
    }
    assertEquals(8, named);
  }

  /** As Home Assistant makes them: of the names of device and entity. */
  private static Set<String> entities() {
    Set<String> ids = new TreeSet<>();
    String name = device.path("device").path("name").asText();
    for (JsonNode each : device.path("components")) {
      ids.add(
          each.path("platform").asText()
              + "."
              + (name + " " + each.path("name").asText())
                  .toLowerCase(Locale.ROOT)
                  .replaceAll("[^a-z0-9]+", "_"));
    }
    return ids;
  }

  @Test
  void theAutomationsAreWhatHomeAssistantTakes() {
    List<Map<?, ?>> automations = new ArrayList<>();
    for (MarkdownFile.Block block : PAGE.blocks("yaml")) {
      if (yaml(block.text()) instanceof Map<?, ?> map && map.containsKey("triggers")) {
        automations.add(map);
      }
    }
    assertEquals(2, automations.size());
    Set<String> allowed =
        Set.of("alias", "triggers", "conditions", "actions", "mode", "max_exceeded");
    for (Map<?, ?> each : automations) {
      assertTrue(allowed.containsAll(each.keySet()), each.keySet()::toString);
      assertTrue(Set.of("single", "restart").contains(each.get("mode")), each::toString);
      for (Object trigger : (List<?>) each.get("triggers")) {
        Map<?, ?> fields = (Map<?, ?>) trigger;
        assertTrue(Set.of("numeric_state", "mqtt").contains(fields.get("trigger")));
        if (fields.get("trigger").equals("mqtt")) {
          assertEquals(STATE, fields.get("topic"));
        }
      }
      for (Object action : (List<?>) each.get("actions")) {
        Map<?, ?> fields = (Map<?, ?>) action;
        assertTrue(fields.containsKey("action") || fields.containsKey("delay"), fields::toString);
      }
      Matcher field =
          Pattern.compile("(?:value_json|payload_json)\\.(\\w+)").matcher(each.toString());
      while (field.find()) {
        assertTrue(state.has(field.group(1)), field.group(1));
      }
    }
  }

  private static Object yaml(String text) {
    return new Load(LoadSettings.builder().build()).loadFromString(text);
  }

  @Test
  void openHabFindsItsTopicsAndKeysAndIsObeyed() {
    List<MarkdownFile.Block> things =
        PAGE.blocks("").stream().filter(block -> block.text().contains("mqtt:broker")).toList();
    assertEquals(1, things.size());
    String text = things.get(0).text();
    assertEquals(count(text, "\\{"), count(text, "\\}"));
    assertEquals(count(text, "\\["), count(text, "\\]"));
    assertFalse(text.contains("retained=true"), text);

    for (String topic : values(text, "stateTopic=\"([^\"]+)\"")) {
      assertEquals(STATE, topic);
    }
    assertEquals(
        List.of("from_dehneEVSE/Garage/availability"),
        values(text, "availabilityTopic=\"([^\"]+)\""));
    assertKept(
        "from_dehneEVSE/Garage/availability",
        each -> each.text().equals(values(text, "payloadAvailable=\"([^\"]+)\"").get(0)));
    List<String> paths = values(text, "JSONPATH:([^\"]+)\"");
    assertEquals(6, paths.size());
    for (String path : paths) {
      assertTrue(path.startsWith("$.") && state.has(path.substring(2)), path);
    }
    String on = values(text, " on=\"([^\"]+)\"").get(0);
    assertObeyed(values(text, "commandTopic=\"([^\"]+)\""), on);
  }

  @Test
  void ioBrokerFindsItsTopicsAndIsObeyed() {
    List<String> code =
        PAGE.lines().stream()
            .filter(line -> line.section().equals("ioBroker"))
            .flatMap(line -> MarkdownFile.code(line.text()).stream())
            .toList();
    assertTrue(code.contains(STATE), code::toString);
    assertObeyed(code.stream().filter(each -> each.startsWith("to_")).toList(), "true");
  }

  /** Of the two topics for bare values: whether charging is allowed, and the limit. */
  private static void assertObeyed(List<String> topics, String on) {
    assertEquals(2, topics.size(), topics::toString);
    MqttProbe probe = installation.probe();
    probe.publish(topics.get(0), "false".getBytes(UTF_8));
    probe.publish(topics.get(1), "11".getBytes(UTF_8));
    probe.publish(topics.get(0), on.getBytes(UTF_8));
    probe.publish(topics.get(1), "9".getBytes(UTF_8));
    assertKept(
        STATE,
        each ->
            each.json().path("enabled").asBoolean() && each.json().path("limit_amps").asInt() == 9);
    assertEquals(List.of(), probe.untaken(MqttProbe.error()));
  }

  /** What somebody finds who comes later, at once or soon. */
  private static void assertKept(String topic, Predicate<Message> wanted) {
    try (MqttProbe later =
        MqttProbe.builder(installation.mosquitto().url()).subscribingTo(topic).connect()) {
      Message unused = later.take(onTopic(topic).and(wanted));
    }
  }

  private static List<String> values(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(each -> each.group(1)).toList();
  }

  private static long count(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().count();
  }
}
