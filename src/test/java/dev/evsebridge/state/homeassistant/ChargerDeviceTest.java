package dev.evsebridge.state.homeassistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The examples in src/test/resources/homeassistant were checked with Home Assistant's schemas. */
class ChargerDeviceTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SerialNumber SERIAL = new SerialNumber("10BA23AB50534D53302E3120FF162332");
  private static final List<Boolean> ALL = List.of(true, true, true);
  private static final List<Boolean> NONE = List.of(false, false, false);
  private static final Calibrated CALIBRATED = new Calibrated(ALL, ALL);
  private static final OptionalDouble UNCONTROLLED = OptionalDouble.empty();

  private static final BridgeDevice BRIDGE =
      new BridgeDevice("dehneevse_mqtt_bridge", "1.1.0", "from_dehneEVSE", "to_dehneEVSE", "");

  @Test
  void theBridgeIsDescribedAsInTheExample() throws IOException {
    assertEquals(example("device-bridge.json"), tree(BRIDGE.payload()));
  }

  @Test
  void aControlledAndCalibratedChargerIsDescribedAsInTheExample() throws IOException {
    ChargerDevice device = device(OptionalDouble.of(16), CALIBRATED);

    assertEquals(example("device-charger.json"), tree(device.payload(BRIDGE, List.of())));
  }

  @Test
  void hasNoSetPointsWithoutTheChargeController() throws IOException {
    List<String> expected = keys(example("device-charger.json"));
    expected.removeAll(List.of("enabled", "current_limit", "reset"));

    assertEquals(expected, keys(device(UNCONTROLLED, CALIBRATED)));
  }

  @Test
  void hasNoMeasuredValuesWithoutCalibration() throws IOException {
    List<String> expected = keys(example("device-charger.json"));
    expected.removeIf(
        key -> key.matches("power|energy|session_energy|phase[123]_(current|voltage)"));

    assertEquals(expected, keys(device(OptionalDouble.of(16), new Calibrated(NONE, NONE))));
  }

  @Test
  void hasPowerOnlyWhereOnePhaseHasCurrentAndVoltage() {
    Calibrated apart = new Calibrated(List.of(true, false, false), List.of(false, true, false));
    assertEquals(
        List.of("phase1_current", "phase2_voltage"),
        device(UNCONTROLLED, apart).optionalComponents(BRIDGE));

    Calibrated together = new Calibrated(List.of(false, false, true), List.of(false, false, true));
    assertEquals(
        List.of("power", "energy", "session_energy", "phase3_current", "phase3_voltage"),
        device(UNCONTROLLED, together).optionalComponents(BRIDGE));
  }

  @Test
  void canBeUpdatedOnlyWhenThereIsAnImage() {
    assertFalse(component(device(UNCONTROLLED, CALIBRATED), "firmware").has("command_topic"));

    JsonNode firmware =
        component(
            new ChargerDevice(SERIAL, "Garage", 9, UNCONTROLLED, CALIBRATED, true), "firmware");
    assertEquals("to_dehneEVSE/Garage/set/firmware", firmware.path("command_topic").asText());
    assertEquals("install", firmware.path("payload_install").asText());
  }

  @Test
  void knowsThePlatformOfEachComponentThatItMayHaveToTakeAway() throws IOException {
    JsonNode components = example("device-charger.json").path("components");
    for (Map.Entry<String, JsonNode> each : components.properties()) {
      if (ChargerDevice.isOptional(each.getKey())) {
        assertEquals(
            each.getValue().path("platform").asText(),
            ChargerDevice.platformOfOptional(each.getKey()),
            each.getKey());
      }
    }
  }

  @Test
  void limitsTheNumberToWhatTheCircuitBears() {
    JsonNode limit = component(device(OptionalDouble.of(12.5), CALIBRATED), "current_limit");

    assertEquals(12.5, limit.path("max").asDouble());
    assertTrue(limit.path("value_template").asText().contains("<= 12.5 else None"));
  }

  @Test
  void hasNoLimitToChooseWhereTheCircuitBearsNoMoreThanTheLeast() {
    ChargerDevice device = device(OptionalDouble.of(6), CALIBRATED);

    assertTrue(component(device, "current_limit").isMissingNode());
    assertTrue(component(device, "enabled").has("command_topic"));
    assertFalse(device.optionalComponents(BRIDGE).contains("current_limit"));
  }

  @Test
  void isNamedByItsSerialNumberWhateverItsNameIs() {
    ChargerDevice renamed =
        new ChargerDevice(SERIAL, "Stellplatz 7 ü", 9, UNCONTROLLED, CALIBRATED, false);

    JsonNode before = tree(device(UNCONTROLLED, CALIBRATED).payload(BRIDGE, List.of()));
    JsonNode after = tree(renamed.payload(BRIDGE, List.of()));
    assertEquals(
        before.path("device").path("identifiers"), after.path("device").path("identifiers"));
    assertEquals(uniqueIds(before), uniqueIds(after));
    assertEquals("from_dehneEVSE/Stellplatz 7 ü/state", after.path("state_topic").asText());
  }

  @Test
  void findsTheSerialNumberInAnIdAndInNothingElse() {
    String id = "dehne_evse_10ba23ab50534d53302e3120ff162332";
    assertEquals(id, ChargerDevice.id(SERIAL));
    assertEquals(Optional.of(SERIAL), ChargerDevice.serial(id));
    for (String other :
        List.of(
            "dehneevse_mqtt_bridge",
            "dehne_evse_10ba",
            id.toUpperCase(Locale.ROOT),
            id + "0",
            "zigbee")) {
      assertEquals(Optional.empty(), ChargerDevice.serial(other), other);
    }
  }

  @Test
  void givesTheBridgeAnIdThatHomeAssistantTakes() {
    BridgeDevice bridge = new BridgeDevice("house/bridge 1", "1.1.0", "from", "to", "");

    assertEquals("house_bridge_1", bridge.id());
  }

  private static ChargerDevice device(OptionalDouble maxAmps, Calibrated calibrated) {
    return new ChargerDevice(SERIAL, "Garage", 9, maxAmps, calibrated, false);
  }

  private static JsonNode component(ChargerDevice device, String key) {
    return tree(device.payload(BRIDGE, List.of())).path("components").path(key);
  }

  private static List<String> uniqueIds(JsonNode payload) {
    return payload.path("components").findValuesAsText("unique_id");
  }

  private static List<String> keys(ChargerDevice device) {
    return keys(tree(device.payload(BRIDGE, List.of())));
  }

  private static List<String> keys(JsonNode payload) {
    List<String> keys = new ArrayList<>();
    payload.path("components").fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  /** As it reads what is written: 16 and 16.0 are not the same to people. */
  private static JsonNode tree(Map<String, Object> payload) {
    try {
      return JSON.readTree(JSON.writeValueAsBytes(payload));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode example(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            ChargerDeviceTest.class.getResourceAsStream("/homeassistant/" + name), name)) {
      return JSON.readTree(in);
    }
  }
}
