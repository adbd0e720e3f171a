package dev.evsebridge.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What Home Assistant asks of a device that is announced by MQTT, written down from its own rules:
 * the schema of a device (components/mqtt/schemas.py) is strict at the top, in {@code device} and
 * in {@code origin}; a component may hold unknown keys, but what it knows must fit together
 * (components/sensor/const.py, components/mqtt/sensor.py, number.py, update.py). Knows nothing of
 * the bridge.
 */
public final class HomeAssistantRules {
  private static final Pattern TOPIC =
      Pattern.compile("homeassistant/device/([a-zA-Z0-9_-]+)/config");

  private static final Set<String> TOP =
      Set.of(
          "device",
          "origin",
          "components",
          "availability",
          "availability_mode",
          "availability_topic",
          "availability_template",
          "payload_available",
          "payload_not_available",
          "state_topic",
          "command_topic",
          "qos",
          "encoding");

  private static final Set<String> DEVICE =
      Set.of(
          "identifiers",
          "connections",
          "manufacturer",
          "model",
          "name",
          "hw_version",
          "serial_number",
          "sw_version",
          "via_device",
          "suggested_area",
          "configuration_url");

  private static final Set<String> ORIGIN = Set.of("name", "sw_version", "support_url");

  /** Device classes of sensors: the units that each may have, one of which is used here. */
  private static final Map<String, Set<String>> UNITS =
      Map.of(
          "power", Set.of("mW", "W", "kW", "MW"),
          "energy", Set.of("Wh", "kWh", "MWh"),
          "current", Set.of("A", "mA"),
          "voltage", Set.of("V", "mV", "kV"),
          "signal_strength", Set.of("dB", "dBm"),
          "timestamp", Set.of(),
          "enum", Set.of());

  private static final Map<String, Set<String>> STATE_CLASSES =
      Map.of(
          "power", Set.of("measurement"),
          "energy", Set.of("total", "total_increasing"),
          "current", Set.of("measurement"),
          "voltage", Set.of("measurement"),
          "signal_strength", Set.of("measurement"),
          "timestamp", Set.of(),
          "enum", Set.of());

  private static final Set<String> BINARY_CLASSES =
      Set.of("connectivity", "plug", "battery_charging", "problem");

  private static final Set<String> PLATFORMS =
      Set.of("sensor", "binary_sensor", "switch", "number", "button", "update");

  private static final Set<String> UPDATE_KEYS =
      Set.of("installed_version", "latest_version", "in_progress", "update_percentage");

  private static final Pattern FIELD = Pattern.compile("value_json\\.(\\w+)");

  private final List<String> broken = new ArrayList<>();
  private final Map<String, JsonNode> live;

  private HomeAssistantRules(Map<String, JsonNode> live) {
    this.live = live;
  }

  /**
   * Checks one announcement.
   *
   * @param live what stands retained at the topics that it refers to, as far as there is anything
   * @return what is wrong with it, in words
   */
  public static List<String> broken(String topic, JsonNode payload, Map<String, JsonNode> live) {
    HomeAssistantRules rules = new HomeAssistantRules(live);
    rules.require(TOPIC.matcher(topic).matches(), "topic " + topic);
    rules.device(payload);
    return rules.broken;
  }

  private void device(JsonNode payload) {
    only(TOP, payload, "top level");
    JsonNode device = payload.path("device");
    only(DEVICE, device, "device");
    for (String key : names(device)) {
      if (!key.equals("identifiers") && !key.equals("connections")) {
        require(device.path(key).isTextual(), "device." + key + " is no text");
      }
    }
    require(!device.path("identifiers").isEmpty(), "device has no identifiers");
    only(ORIGIN, payload.path("origin"), "origin");
    require(payload.path("origin").path("name").isTextual(), "origin has no name");
    int qos = payload.path("qos").asInt(0);
    require(qos >= 0 && qos <= 2, "qos " + qos);
    availability(payload, "top level");
    Set<String> uniqueIds = new HashSet<>();
    JsonNode components = payload.path("components");
    require(!components.isEmpty(), "no components");
    for (String key : names(components)) {
      component(key, components.path(key), payload, uniqueIds);
    }
  }

  private void availability(JsonNode node, String where) {
    JsonNode list = node.path("availability");
    for (JsonNode each : list) {
      only(
          Set.of("topic", "payload_available", "payload_not_available", "value_template"),
          each,
          where + ".availability");
      require(isTopic(each.path("topic")), where + ".availability has no topic");
    }
    require(
        list.size() < 2 || node.path("availability_mode").asText().equals("all"),
        where + ": all of several topics must be available");
  }

  private void component(String key, JsonNode component, JsonNode payload, Set<String> uniqueIds) {
    String platform = component.path("platform").asText();
    require(PLATFORMS.contains(platform), key + ": platform " + platform);
    if (component.size() == 1) {
      return;
    }
    require(component.path("unique_id").isTextual(), key + " has no unique_id");
    require(uniqueIds.add(component.path("unique_id").asText()), key + ": unique_id twice");
    require(!component.has("object_id"), key + " has an object_id");
    require(component.path("name").isTextual(), key + " has no name");
    availability(component, key);
    JsonNode stateTopic =
        component.has("state_topic") ? component.path("state_topic") : payload.path("state_topic");
    if (!platform.equals("button")) {
      require(isTopic(stateTopic), key + " has no state topic");
      fields(key, component, stateTopic.asText());
    }
    if (Set.of("switch", "number", "button").contains(platform)) {
      require(isTopic(component.path("command_topic")), key + " has no command topic");
    }
    String category = component.path("entity_category").asText("");
    boolean shows = platform.equals("sensor") || platform.equals("binary_sensor");
    require(
        Set.of("", "diagnostic").contains(category) || (!shows && category.equals("config")),
        key + ": entity_category " + category);
    switch (platform) {
      case "sensor" -> sensor(key, component, stateTopic.asText());
      case "binary_sensor" ->
          require(
              !component.has("device_class")
                  || BINARY_CLASSES.contains(component.path("device_class").asText()),
              key + ": device_class");
      case "number" -> number(key, component);
      case "update" -> update(key, component);
      default -> {
        // Nothing more to say.
      }
    }
  }

  /** Every key of the state that a template names is there. */
  private void fields(String key, JsonNode component, String stateTopic) {
    JsonNode state = live.get(stateTopic);
    for (String template : List.of("value_template", "last_reset_value_template")) {
      Matcher field = FIELD.matcher(component.path(template).asText(""));
      while (state != null && field.find()) {
        require(state.has(field.group(1)), key + ": no " + field.group(1) + " at " + stateTopic);
      }
    }
  }

  private void sensor(String key, JsonNode sensor, String stateTopic) {
    String deviceClass = sensor.path("device_class").asText("");
    String unit = sensor.path("unit_of_measurement").asText("");
    String stateClass = sensor.path("state_class").asText("");
    if (!deviceClass.isEmpty()) {
      Set<String> units = UNITS.get(deviceClass);
      require(units != null, key + ": device_class " + deviceClass);
      if (units != null) {
        require(
            units.isEmpty() ? unit.isEmpty() : units.contains(unit),
            "%s: %s in '%s'".formatted(key, deviceClass, unit));
        require(
            stateClass.isEmpty()
                || STATE_CLASSES.getOrDefault(deviceClass, Set.of()).contains(stateClass),
            "%s: %s is '%s'".formatted(key, deviceClass, stateClass));
      }
    }
    require(
        Set.of("", "measurement", "total", "total_increasing").contains(stateClass),
        key + ": state_class " + stateClass);
    require(
        !sensor.has("last_reset_value_template") || stateClass.equals("total"),
        key + ": only a total is reset");
    require(
        sensor.has("options") == deviceClass.equals("enum"),
        key + ": options and enum go together");
    if (deviceClass.equals("enum")) {
      options(key, sensor, live.get(stateTopic));
    }
    require(!sensor.has("expire_after") || sensor.path("expire_after").asInt() > 0, key);
  }

  /** What is shown now is one of the options. */
  private void options(String key, JsonNode sensor, @Nullable JsonNode state) {
    Set<String> options = new TreeSet<>();
    sensor.path("options").forEach(option -> options.add(option.asText()));
    require(!options.isEmpty(), key + " has no options");
    String template = sensor.path("value_template").asText();
    Matcher field = FIELD.matcher(template);
    if (state != null && field.find()) {
      JsonNode value = state.path(field.group(1));
      Matcher otherwise = Pattern.compile("or '(\\w+)'").matcher(template);
      String shown = value.isNull() && otherwise.find() ? otherwise.group(1) : value.asText();
      require(options.contains(shown), "%s: '%s' is no option".formatted(key, shown));
    }
  }

  private void number(String key, JsonNode number) {
    require(
        number.path("min").isNumber()
            && number.path("max").isNumber()
            && number.path("min").asDouble() <= number.path("max").asDouble(),
        key + ": min and max");
    require(number.path("step").asDouble() >= 0.001, key + ": step");
    require(
        Set.of("auto", "box", "slider").contains(number.path("mode").asText("auto")),
        key + ": mode");
    require(
        UNITS
            .getOrDefault(number.path("device_class").asText(), Set.of())
            .contains(number.path("unit_of_measurement").asText()),
        key + ": unit");
  }

  /** One key more or less, and Home Assistant takes no update state at all. */
  private void update(String key, JsonNode update) {
    Set<String> keys = new TreeSet<>();
    Matcher names = Pattern.compile("'(\\w+)':").matcher(update.path("value_template").asText());
    while (names.find()) {
      keys.add(names.group(1));
    }
    require(keys.equals(UPDATE_KEYS), key + " shows " + keys);
    require(
        update.has("command_topic") == update.has("payload_install"),
        key + ": a command needs its payload");
  }

  private static boolean isTopic(JsonNode node) {
    String text = node.asText("");
    return !text.isEmpty() && !text.contains("+") && !text.contains("#");
  }

  private void only(Set<String> allowed, JsonNode node, String where) {
    require(node.isObject(), where + " is no object");
    for (String name : names(node)) {
      require(allowed.contains(name), where + " holds '" + name + "'");
    }
  }

  private static List<String> names(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private void require(boolean kept, String otherwise) {
    if (!kept) {
      broken.add(otherwise.strip().toLowerCase(Locale.ROOT));
    }
  }
}
