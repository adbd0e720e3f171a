package dev.evsebridge.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The checker takes what Home Assistant takes, and nothing that it would drop. */
class HomeAssistantRulesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TOPIC = "homeassistant/device/some_device/config";

  @Test
  void takesTheExamples() throws IOException {
    for (String example : List.of("device-bridge.json", "device-charger.json")) {
      assertEquals(
          List.of(), HomeAssistantRules.broken(TOPIC, example(example), Map.of()), example);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/                         | ~                          | \"a/b\"",
        "/device                   | software                   | \"1\"",
        "/device                   | sw_version                 | 9",
        "/origin                   | url                        | \"a\"",
        "/                         | availability_mode          | \"latest\"",
        "/components/status        | unique_id                  | null",
        "/components/status        | object_id                  | \"garage_status\"",
        "/components/status        | unit_of_measurement        | \"A\"",
        "/components/status        | entity_category            | \"config\"",
        "/components/power         | unit_of_measurement        | \"A\"",
        "/components/power         | state_class                | \"total\"",
        "/components/energy        | state_class                | \"measurement\"",
        "/components/energy        | last_reset_value_template  | \"{{ 1 }}\"",
        "/components/energy        | options                    | [\"a\"]",
        "/components/why           | options                    | []",
        "/components/vehicle       | device_class               | \"car\"",
        "/components/current_limit | min                        | 17",
        "/components/current_limit | mode                       | \"dial\"",
        "/components/enabled       | command_topic              | null",
        "/components/firmware      | value_template             | \"{{ {'title': 1} }}\"",
        "/components/firmware      | payload_install            | \"install\"",
      })
  void refusesWhatHomeAssistantWouldDrop(String where, String key, String value)
      throws IOException {
    JsonNode payload = example("device-charger.json");
    ObjectNode node = (ObjectNode) (where.equals("/") ? payload : payload.at(where));
    node.set(key, JSON.readTree(value));

    assertFalse(HomeAssistantRules.broken(TOPIC, payload, Map.of()).isEmpty());
  }

  @Test
  void refusesTemplatesAndOptionsThatDoNotFitTheState() throws IOException {
    String topic = "from_dehneEVSE/Garage/state";
    JsonNode payload = example("device-charger.json");
    List<String> missing =
        HomeAssistantRules.broken(
            TOPIC, payload, Map.of(topic, JSON.readTree("{\"status\":\"D\"}")));

    assertEquals(
        List.of("status: 'd' is no option"),
        missing.stream()
            .filter(each -> each.contains("option") && each.startsWith("status"))
            .toList());
    assertFalse(missing.stream().noneMatch(each -> each.startsWith("power: no power_watts")));
  }

  @Test
  void refusesATopicThatHomeAssistantDoesNotHear() throws IOException {
    JsonNode payload = example("device-charger.json");
    for (String topic :
        List.of("homeassistant/device/a b/config", "homeassistant/sensor/a/config")) {
      assertFalse(HomeAssistantRules.broken(topic, payload, Map.of()).isEmpty(), topic);
    }
  }

  private static JsonNode example(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            HomeAssistantRulesTest.class.getResourceAsStream("/homeassistant/" + name), name)) {
      return JSON.readTree(in);
    }
  }
}
