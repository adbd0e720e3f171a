package dev.evsebridge.state.homeassistant;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bridge itself as a device of Home Assistant. Chargers refer to it ({@code via_device}), so it
 * is announced before them.
 *
 * <p>Home Assistant's schema of a device is strict: one key at the top level that it does not know,
 * and it drops the whole device.
 *
 * @param clientId the bridge's own id at the broker, which is its identifier
 * @param version of the program
 * @param publishTopic {@code mqtt.topic_publish}
 * @param subscribeTopic {@code mqtt.topic_subscribe}
 * @param name of this one of several bridges; empty for a bridge alone
 */
public record BridgeDevice(
    String clientId, String version, String publishTopic, String subscribeTopic, String name) {

  static final String PROGRAM = "evse-mqtt-bridge";

  String id() {
    return id(clientId);
  }

  /** Its id in the topic, where Home Assistant takes letters, digits, '_' and '-' only. */
  static String id(String clientId) {
    return clientId.replaceAll("[^A-Za-z0-9_-]", "_");
  }

  Map<String, Object> payload() {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("device", device());
    payload.put("origin", origin());
    payload.put("state_topic", own("health"));
    payload.put("qos", 1);
    payload.put("components", components());
    return payload;
  }

  private Map<String, Object> device() {
    Map<String, Object> device = new LinkedHashMap<>();
    device.put("identifiers", List.of(clientId));
    device.put("name", ("EVSE MQTT bridge " + name).strip());
    device.put("manufacturer", PROGRAM);
    device.put("model", "MQTT bridge for Dehne-EVSE");
    device.put("sw_version", version);
    return device;
  }

  /** Who announces devices. */
  Map<String, Object> origin() {
    Map<String, Object> origin = new LinkedHashMap<>();
    origin.put("name", PROGRAM);
    origin.put("sw_version", version);
    return origin;
  }

  /** Whether there is a bridge, be it this one or another: without any no charger is there. */
  String availabilityTopic() {
    return publishTopic + "/bridge/availability";
  }

  /** Where this bridge tells of itself. */
  private String own(String what) {
    return publishTopic + (name.isEmpty() ? "/bridge/" : "/bridge/" + name + "/") + what;
  }

  private Map<String, Object> components() {
    Map<String, Object> components = new LinkedHashMap<>();
    // Without availability of its own: it would become unavailable instead of off.
    components.put(
        "connection",
        Component.binarySensor("Connection")
            .set("device_class", "connectivity")
            .diagnostic()
            .set("state_topic", own("availability"))
            .set("payload_on", "online")
            .set("payload_off", "offline")
            .payload(clientId, "connection"));
    put(
        components,
        "chargers_connected",
        Component.sensor("Chargers connected", "chargers_connected")
            .set("state_class", "measurement")
            .diagnostic());
    put(
        components,
        "errors",
        Component.sensor("Errors", "errors_total")
            .set("state_class", "total_increasing")
            .diagnostic()
            .hidden());
    put(
        components,
        "messages_lost",
        Component.sensor("Messages lost", "messages_lost_total")
            .set("state_class", "total_increasing")
            .diagnostic()
            .hidden());
    put(
        components,
        "started",
        Component.sensor("Started", "started")
            .set("device_class", "timestamp")
            .diagnostic()
            .hidden());
    return components;
  }

  private void put(Map<String, Object> components, String key, Component component) {
    components.put(
        key,
        component
            .set("availability", List.of(Map.of("topic", own("availability"))))
            .payload(clientId, key));
  }
}
