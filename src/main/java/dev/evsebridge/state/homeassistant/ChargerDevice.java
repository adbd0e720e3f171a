package dev.evsebridge.state.homeassistant;

import dev.evsebridge.control.Why;
import dev.evsebridge.message.SerialNumber;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * A charger as a device of Home Assistant. Its identifiers come from the serial number, never from
 * the name: a charger that gets another name keeps its entities and their history.
 *
 * @param serial the charger
 * @param clientId its name, or its serial number
 * @param firmwareVersion from its last hello
 * @param maxAmps {@code control.max_amps}; empty without the charge controller
 * @param calibrated what of it is calibrated
 * @param installable whether the bridge has a firmware image that may be installed
 */
record ChargerDevice(
    SerialNumber serial,
    String clientId,
    int firmwareVersion,
    OptionalDouble maxAmps,
    Calibrated calibrated,
    boolean installable) {

  private static final String ID_PREFIX = "dehne_evse_";

  /** IEC 61851-1, table A.8: no less can be offered. */
  private static final int LEAST_AMPS = 6;

  private static final int PHASES = 3;

  /** What there is only with the charge controller, with the platform of each. */
  private static final Map<String, String> OF_THE_CONTROLLER =
      Map.of("enabled", "switch", "current_limit", "number", "reset", "button");

  /** Its id in the topic. */
  static String id(SerialNumber serial) {
    return ID_PREFIX + serial.hex().toLowerCase(Locale.ROOT);
  }

  /** The charger that has this id; empty for what is no id of a charger. */
  static Optional<SerialNumber> serial(String id) {
    String digits = id.startsWith(ID_PREFIX) ? id.substring(ID_PREFIX.length()) : "";
    return Optional.of(digits.toUpperCase(Locale.ROOT))
        .filter(text -> SerialNumber.isSerialNumber(text))
        .map(SerialNumber::new)
        .filter(serial -> id(serial).equals(id));
  }

  /** The platform of a component that not every charger has. */
  static String platformOfOptional(String key) {
    return OF_THE_CONTROLLER.getOrDefault(key, "sensor");
  }

  private String id() {
    return id(serial);
  }

  /**
   * Describes it in full.
   *
   * @param gone components that Home Assistant knows and is to remove: it does so where only the
   *     platform is told
   */
  Map<String, Object> payload(BridgeDevice bridge, List<String> gone) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("device", device(bridge));
    payload.put("origin", bridge.origin());
    payload.put(
        "availability",
        List.of(
            Map.of("topic", bridge.availabilityTopic()),
            Map.of("topic", from(bridge, "availability"))));
    payload.put("availability_mode", "all");
    payload.put("state_topic", from(bridge, "state"));
    payload.put("qos", 1);
    Map<String, Object> components = new LinkedHashMap<>();
    components(bridge)
        .forEach((key, component) -> components.put(key, component.payload(id(), key)));
    gone.forEach(key -> components.put(key, Map.of("platform", platformOfOptional(key))));
    payload.put("components", components);
    return payload;
  }

  /** The keys of those of its components that not every charger has. */
  List<String> optionalComponents(BridgeDevice bridge) {
    return components(bridge).keySet().stream().filter(ChargerDevice::isOptional).toList();
  }

  static boolean isOptional(String key) {
    return OF_THE_CONTROLLER.containsKey(key)
        || key.equals("power")
        || key.equals("energy")
        || key.equals("session_energy")
        || key.matches("phase[1-3]_(?:current|voltage)");
  }

  private Map<String, Object> device(BridgeDevice bridge) {
    Map<String, Object> device = new LinkedHashMap<>();
    device.put("identifiers", List.of(id()));
    device.put("name", clientId);
    device.put("manufacturer", "Dehne");
    device.put("model", "Dehne-EVSE");
    device.put("serial_number", serial.hex());
    device.put("sw_version", Integer.toString(firmwareVersion));
    device.put("via_device", bridge.clientId());
    return device;
  }

  private String from(BridgeDevice bridge, String what) {
    return bridge.publishTopic() + "/" + clientId + "/" + what;
  }

  private String setTopic(BridgeDevice bridge, String what) {
    return bridge.subscribeTopic() + "/" + clientId + "/set/" + what;
  }

  private Map<String, Component> components(BridgeDevice bridge) {
    Map<String, Component> all = new LinkedHashMap<>();
    maxAmps.ifPresent(amps -> addSetPoints(all, bridge, number(amps)));
    addStates(all);
    addMeasurements(all);
    addDiagnostics(all);
    all.put("firmware", firmware(bridge));
    if (maxAmps.isPresent()) {
      all.put(
          "reset",
          Component.of("button", "Reset errors")
              .commandedBy(setTopic(bridge, "reset"))
              .set("payload_press", "all")
              .set("entity_category", "config"));
    }
    return all;
  }

  /** Written as people write it: 16, and not 16.0. */
  private static Number number(double amps) {
    return amps == Math.rint(amps) ? (Number) (int) amps : (Number) amps;
  }

  private void addSetPoints(Map<String, Component> all, BridgeDevice bridge, Number most) {
    all.put(
        "enabled",
        Component.of("switch", "Charging allowed")
            .set("value_template", "{{ 'true' if value_json.enabled else 'false' }}")
            .set("icon", "mdi:ev-station")
            .commandedBy(setTopic(bridge, "enabled"))
            .set("payload_on", "true")
            .set("payload_off", "false")
            .set("state_on", "true")
            .set("state_off", "false"));
    if (most.doubleValue() <= LEAST_AMPS) {
      // There is nothing to choose, and Home Assistant takes no number whose least is its most.
      return;
    }
    all.put(
        "current_limit",
        Component.of("number", "Current limit")
            .set(
                "value_template",
                ("{{ value_json.limit_amps if value_json.limit_amps is not none"
                        + " and %d <= value_json.limit_amps <= %s else None }}")
                    .formatted(LEAST_AMPS, most))
            .quantity("current", "A")
            .commandedBy(setTopic(bridge, "limit_amps"))
            .set("min", LEAST_AMPS)
            .set("max", most)
            .set("step", 1)
            .set("mode", "slider"));
  }

  private static void addStates(Map<String, Component> all) {
    all.put(
        "status",
        Component.sensor("Status", "status")
            .set("device_class", "enum")
            .set("options", List.of("A", "B", "C", "E", "F"))
            .set("icon", "mdi:ev-plug-type2"));
    all.put(
        "why",
        Component.sensor("Why not charging")
            .set("value_template", "{{ value_json.why or 'charging' }}")
            .set("device_class", "enum")
            .set("options", reasons()));
    all.put(
        "vehicle",
        Component.binarySensor("Vehicle", "value_json.vehicle").set("device_class", "plug"));
    all.put(
        "charging",
        Component.binarySensor("Charging", "value_json.charging")
            .set("device_class", "battery_charging"));
    all.put(
        "problem",
        Component.binarySensor(
                "Problem",
                "value_json.status == 'E' or value_json.errors or value_json.why =="
                    + " 'control_silent'")
            .set("device_class", "problem")
            .diagnostic());
  }

  /** As people see them in a list: what ends charging stands beside what begins it. */
  private static List<String> reasons() {
    List<Why> reasons = new ArrayList<>(List.of(Why.values()));
    reasons.remove(Why.STOPPING);
    reasons.add(reasons.indexOf(Why.STARTING), Why.STOPPING);
    return Stream.concat(reasons.stream().map(Why::code), Stream.of("charging")).toList();
  }

  private void addMeasurements(Map<String, Component> all) {
    if (calibrated.power()) {
      all.put("power", Component.sensor("Power", "power_watts").quantity("power", "W").measured(0));
      all.put("energy", energy("Energy", "energy_kwh").set("state_class", "total_increasing"));
      all.put(
          "session_energy",
          energy("Session energy", "session_kwh")
              .set("state_class", "total")
              .set("last_reset_value_template", "{{ value_json.session_start or '' }}"));
    }
    all.put(
        "offered",
        Component.sensor("Current offered", "offered_amps").quantity("current", "A").measured(1));
    for (int phase = 1; phase <= PHASES; phase++) {
      if (calibrated.current(phase)) {
        all.put(
            "phase%d_current".formatted(phase),
            Component.sensor("Current L" + phase, "phase%d_amps".formatted(phase))
                .quantity("current", "A")
                .measured(1));
      }
      if (calibrated.voltage(phase)) {
        all.put(
            "phase%d_voltage".formatted(phase),
            Component.sensor("Voltage L" + phase, "phase%d_volts".formatted(phase))
                .quantity("voltage", "V")
                .measured(0)
                .diagnostic());
      }
    }
  }

  private static Component energy(String name, String key) {
    return Component.sensor(name, key)
        .quantity("energy", "kWh")
        .set("suggested_display_precision", 2);
  }

  private static void addDiagnostics(Map<String, Component> all) {
    all.put(
        "cable",
        Component.sensor("Cable rating", "cable_amps").quantity("current", "A").diagnostic());
    all.put(
        "contactor",
        Component.binarySensor("Contactor", "value_json.contactor_state").diagnostic().hidden());
    all.put(
        "pwm",
        Component.sensor("Duty cycle", "pwm_percent")
            .set("unit_of_measurement", "%")
            .set("state_class", "measurement")
            .diagnostic()
            .hidden());
    all.put(
        "rssi",
        Component.sensor("Wi-Fi signal", "wifi_rssi_dbm")
            .quantity("signal_strength", "dBm")
            .set("state_class", "measurement")
            .diagnostic()
            .hidden());
    all.put(
        "started",
        Component.sensor("Started", "charger_start")
            .set("device_class", "timestamp")
            .diagnostic()
            .hidden());
  }

  /** Exactly four keys: Home Assistant refuses any other. */
  private Component firmware(BridgeDevice bridge) {
    Component firmware =
        Component.of("update", "Firmware")
            .set(
                "value_template",
                "{{ {'installed_version': value_json.installed_version, 'latest_version':"
                    + " value_json.latest_version, 'in_progress': value_json.in_progress,"
                    + " 'update_percentage': value_json.update_percentage} | to_json }}")
            .set("device_class", "firmware")
            .set("state_topic", from(bridge, "firmware"))
            .set("entity_category", "config");
    return installable
        ? firmware.commandedBy(setTopic(bridge, "firmware")).set("payload_install", "install")
        : firmware;
  }
}
