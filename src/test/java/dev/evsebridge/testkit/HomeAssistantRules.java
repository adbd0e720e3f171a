package dev.evsebridge.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
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
 * (components/sensor/const.py, components/mqtt/sensor.py, number.py, update.py). What is live is
 * filled into the templates, and must be what the entity takes. Knows nothing of the bridge.
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

  /** What its schemas know of every component, and of the platforms that are used here. */
  private static final Set<String> COMMON =
      Set.of(
          "platform",
          "unique_id",
          "name",
          "icon",
          "availability",
          "availability_mode",
          "entity_category",
          "enabled_by_default",
          "qos",
          "encoding",
          // Of Home Assistant 2026.6.
          "message_expiry_interval");

  private static final Map<String, Set<String>> KNOWN =
      Map.of(
          "sensor",
          Set.of(
              "state_topic",
              "value_template",
              "device_class",
              "state_class",
              "unit_of_measurement",
              "suggested_display_precision",
              "expire_after",
              "force_update",
              "options",
              "last_reset_value_template"),
          "binary_sensor",
          Set.of(
              "state_topic",
              "value_template",
              "device_class",
              "payload_on",
              "payload_off",
              "off_delay",
              "expire_after",
              "force_update"),
          "switch",
          Set.of(
              "state_topic",
              "value_template",
              "command_topic",
              "command_template",
              "device_class",
              "payload_on",
              "payload_off",
              "state_on",
              "state_off",
              "optimistic",
              "retain"),
          "number",
          Set.of(
              "state_topic",
              "value_template",
              "command_topic",
              "command_template",
              "device_class",
              "unit_of_measurement",
              "min",
              "max",
              "step",
              "mode",
              "payload_reset",
              "optimistic",
              "retain"),
          "button",
          Set.of("command_topic", "command_template", "device_class", "payload_press", "retain"),
          "update",
          Set.of(
              "state_topic",
              "value_template",
              "command_topic",
              "payload_install",
              "device_class",
              "title",
              "release_summary",
              "release_url",
              "retain"));

  private static final Set<String> NUMBERS =
      Set.of("min", "max", "step", "expire_after", "suggested_display_precision", "off_delay");

  private static final Set<String> BOOLEANS =
      Set.of("enabled_by_default", "force_update", "optimistic", "retain");

  /** What is not known yet; any entity takes it. */
  private static final String UNKNOWN = "None";

  /** homeassistant/const.py: a longer one becomes unknown. */
  private static final int LONGEST_STATE = 255;

  private static final ObjectMapper JSON = new ObjectMapper();

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

  /**
   * Checks what can only be seen of all announcements together.
   *
   * @param payloads by topic
   * @return what is wrong with them, in words
   */
  public static List<String> brokenTogether(Map<String, JsonNode> payloads) {
    HomeAssistantRules rules = new HomeAssistantRules(Map.of());
    Set<String> devices = new HashSet<>();
    Set<String> entities = new HashSet<>();
    for (JsonNode payload : payloads.values()) {
      for (JsonNode identifier : payload.path("device").path("identifiers")) {
        rules.require(devices.add(identifier.asText()), "two devices are " + identifier);
      }
      for (JsonNode component : payload.path("components")) {
        String id =
            component.path("platform").asText() + " " + component.path("unique_id").asText();
        rules.require(!component.has("unique_id") || entities.add(id), "two devices have a " + id);
      }
    }
    for (JsonNode payload : payloads.values()) {
      String via = payload.path("device").path("via_device").asText("");
      rules.require(via.isEmpty() || devices.contains(via), "no device is " + via);
    }
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
    types(key, component, KNOWN.getOrDefault(platform, Set.of()));
    require(!component.path("name").asText("").isBlank(), key + " has no name");
    availability(component, key);
    JsonNode stateTopic =
        component.has("state_topic") ? component.path("state_topic") : payload.path("state_topic");
    JsonNode state = live.get(stateTopic.asText());
    if (!platform.equals("button")) {
      require(isTopic(stateTopic), key + " has no state topic");
      if (state != null) {
        shown(key, platform, component, state);
      }
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
      case "sensor" -> sensor(key, component);
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

  /** A key that is not known is dropped without a word, and with it what it was to say. */
  private void types(String key, JsonNode component, Set<String> ofPlatform) {
    for (String name : names(component)) {
      JsonNode value = component.path(name);
      require(COMMON.contains(name) || ofPlatform.contains(name), "%s: %s".formatted(key, name));
      boolean right =
          switch (name) {
            case "availability", "options" -> value.isArray();
            case "qos", "message_expiry_interval" -> value.isInt();
            case "icon" -> value.asText().matches("\\w+:[\\w-]+");
            default ->
                NUMBERS.contains(name)
                    ? value.isNumber()
                    : BOOLEANS.contains(name) ? value.isBoolean() : value.isTextual();
          };
      require(right, "%s: %s is %s".formatted(key, name, value));
    }
    for (JsonNode option : component.path("options")) {
      require(option.isTextual(), key + ": an option is no text");
    }
  }

  /** What the entity makes of what is at its topic now. */
  private void shown(String key, String platform, JsonNode component, JsonNode state) {
    String shown = filled(key, component, "value_template", state);
    String lastReset = filled(key, component, "last_reset_value_template", state);
    if (shown == null || lastReset == null) {
      return;
    }
    require(
        !component.has("last_reset_value_template") || lastReset.isEmpty() || isTime(lastReset),
        "%s: last reset '%s'".formatted(key, lastReset));
    boolean right =
        switch (platform) {
          case "sensor" -> shown.equals(UNKNOWN) || isStateOf(component, shown);
          case "binary_sensor" ->
              isOneOf(shown, component, "payload_on", "ON", "payload_off", "OFF");
          case "switch" ->
              isOneOf(
                  shown,
                  component,
                  component.has("state_on") ? "state_on" : "payload_on",
                  "ON",
                  component.has("state_off") ? "state_off" : "payload_off",
                  "OFF");
          case "number" ->
              isNumber(shown)
                  && Double.parseDouble(shown) >= component.path("min").asDouble()
                  && Double.parseDouble(shown) <= component.path("max").asDouble();
          default -> isUpdate(shown);
        };
    require(right || shown.equals(UNKNOWN), "%s shows '%s'".formatted(key, shown));
  }

  private @Nullable String filled(String key, JsonNode component, String template, JsonNode state) {
    if (!component.has(template)) {
      return state.asText();
    }
    try {
      return HomeAssistantTemplate.render(component.path(template).asText(), state);
    } catch (IllegalArgumentException e) {
      require(false, key + ": " + e.getMessage());
      return null;
    }
  }

  private static boolean isStateOf(JsonNode sensor, String shown) {
    if (isNumeric(sensor)) {
      return isNumber(shown);
    }
    if (sensor.path("device_class").asText().equals("timestamp")) {
      return isTime(shown);
    }
    boolean isOption = !sensor.has("options");
    for (JsonNode option : sensor.path("options")) {
      isOption |= option.asText().equals(shown);
    }
    return isOption && shown.length() <= LONGEST_STATE;
  }

  /** With any of these Home Assistant takes numbers only. */
  private static boolean isNumeric(JsonNode sensor) {
    return sensor.has("unit_of_measurement")
        || sensor.has("state_class")
        || sensor.has("suggested_display_precision");
  }

  private static boolean isOneOf(
      String shown, JsonNode component, String on, String otherOn, String off, String otherOff) {
    return shown.equals(component.path(on).asText(otherOn))
        || shown.equals(component.path(off).asText(otherOff));
  }

  private static boolean isNumber(String shown) {
    return shown.matches("-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?");
  }

  private static boolean isTime(String shown) {
    try {
      return OffsetDateTime.parse(shown).getYear() > 0;
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  private static boolean isUpdate(String shown) {
    try {
      JsonNode update = JSON.readTree(shown);
      JsonNode percentage = update.path("update_percentage");
      return new TreeSet<>(names(update)).equals(new TreeSet<>(UPDATE_KEYS))
          && update.path("installed_version").isTextual()
          && update.path("latest_version").isTextual()
          && update.path("in_progress").isBoolean()
          && (percentage.isNull()
              || (percentage.isNumber()
                  && percentage.asDouble() >= 0
                  && percentage.asDouble() <= 100));
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private void sensor(String key, JsonNode sensor) {
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
    require(
        !sensor.has("options")
            || (!sensor.path("options").isEmpty() && unit.isEmpty() && stateClass.isEmpty()),
        key + ": options alone, and some");
    require(!sensor.has("expire_after") || sensor.path("expire_after").asInt() > 0, key);
  }

  /** Older versions of Home Assistant do not take a number that has one value only. */
  private void number(String key, JsonNode number) {
    require(
        number.path("min").isNumber()
            && number.path("max").isNumber()
            && number.path("min").asDouble() < number.path("max").asDouble(),
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
    require(
        update.path("device_class").asText("firmware").equals("firmware"), key + ": device_class");
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
