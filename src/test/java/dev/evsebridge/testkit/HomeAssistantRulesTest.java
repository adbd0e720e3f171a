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
import org.junit.jupiter.params.provider.ValueSource;

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
        "/components/current_limit | min                        | 16",
        "/components/current_limit | max                        | \"16\"",
        "/components/status        | value_tempate              | \"{{ value_json.status }}\"",
        "/components/status        | icon                       | \"plug\"",
        "/components/status        | state_class                | \"measurement\"",
        "/components/status        | name                       | \" \"",
        "/components/status        | options                    | [1]",
        "/components/power         | expire_after               | \"60\"",
        "/components/contactor     | enabled_by_default         | \"false\"",
        "/components/firmware      | device_class               | \"software\"",
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

  private static final String LIVE =
      """
      {"enabled":true,"limit_amps":10,"status":"B","why":"disabled","vehicle":true,
       "charging":false,"errors":[],"power_watts":0,"energy_kwh":1.25,"session_kwh":0.5,
       "session_start":"2026-11-26T11:30:05Z","offered_amps":10,"phase1_amps":0.1,
       "phase2_amps":0,"phase3_amps":0,"phase1_volts":230.1,"phase2_volts":230,
       "phase3_volts":230,"cable_amps":32,"contactor_state":false,"pwm_percent":16,
       "wifi_rssi_dbm":-77,"charger_start":"2026-11-26T11:30:05Z"}
      """;

  @Test
  void takesAStateThatFits() throws IOException {
    assertEquals(List.of(), withLive("limit_amps", "10"));
    assertEquals(List.of(), withLive("session_start", "null"));
    assertEquals(List.of(), withLive("status", "null"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "status        | \"D\"                    | status shows 'd'",
        "why           | \"bored\"                | why shows 'bored'",
        "power_watts   | \"much\"                 | power shows 'much'",
        "energy_kwh    | true                       | energy shows 'true'",
        "charger_start | \"26 November\"          | started shows '26 november'",
        "session_start | \"26 November\"          | session_energy: last reset '26 november'",
        "limit_amps    | \"ten\"                  | current_limit: 6 <= \"ten\"",
      })
  void refusesAStateThatDoesNotFit(String key, String value, String expected) throws IOException {
    assertEquals(List.of(expected), withLive(key, value));
  }

  @Test
  void refusesATemplateThatNamesWhatIsNotThere() throws IOException {
    ObjectNode live = (ObjectNode) JSON.readTree(LIVE);
    live.remove("power_watts");
    assertEquals(
        List.of("power: no power_watts"),
        HomeAssistantRules.broken(
            TOPIC, example("device-charger.json"), Map.of("from_dehneEVSE/Garage/state", live)));
  }

  private static List<String> withLive(String key, String value) throws IOException {
    ObjectNode live = (ObjectNode) JSON.readTree(LIVE);
    live.set(key, JSON.readTree(value));
    return HomeAssistantRules.broken(
        TOPIC, example("device-charger.json"), Map.of("from_dehneEVSE/Garage/state", live));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"installed_version\":null,\"latest_version\":\"9\",\"in_progress\":false,\"update_percentage\":null}",
        "{\"installed_version\":\"9\",\"latest_version\":9,\"in_progress\":false,\"update_percentage\":null}",
        "{\"installed_version\":\"9\",\"latest_version\":\"9\",\"in_progress\":true,\"update_percentage\":101}",
      })
  void refusesAnUpdateThatHomeAssistantDoesNotTake(String firmware) throws IOException {
    assertEquals(
        1,
        HomeAssistantRules.broken(
                TOPIC,
                example("device-charger.json"),
                Map.of("from_dehneEVSE/Garage/firmware", JSON.readTree(firmware)))
            .size());
  }

  @Test
  void refusesDevicesThatGetInEachOthersWay() throws IOException {
    JsonNode bridge = example("device-bridge.json");
    JsonNode charger = example("device-charger.json");
    assertEquals(List.of(), HomeAssistantRules.brokenTogether(Map.of("b", bridge, "c", charger)));
    assertEquals(
        List.of("no device is dehneevse_mqtt_bridge"),
        HomeAssistantRules.brokenTogether(Map.of("c", charger)));
    ObjectNode other = charger.deepCopy();
    ((ObjectNode) other.path("device")).putArray("identifiers").add("other");
    assertEquals(
        charger.path("components").size(),
        HomeAssistantRules.brokenTogether(Map.of("b", bridge, "c", charger, "d", other)).size());
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
