package dev.evsebridge.state.homeassistant;

import java.util.LinkedHashMap;
import java.util.Map;

/** One entity of a device, as it is described in the device's payload. */
final class Component {

  /** After so many seconds without a new state a measured value is unknown. */
  private static final int MEASURED_SECONDS = 60;

  /** A command that Home Assistant could not deliver for so many seconds is not carried out. */
  private static final int COMMAND_SECONDS = 10;

  private final String platform;
  private final Map<String, Object> further = new LinkedHashMap<>();

  private Component(String platform, String name) {
    this.platform = platform;
    further.put("name", name);
  }

  /** A component of any platform. */
  static Component of(String platform, String name) {
    return new Component(platform, name);
  }

  static Component binarySensor(String name) {
    return new Component("binary_sensor", name);
  }

  /** On while the condition, an expression of Home Assistant's templates, is true. */
  static Component binarySensor(String name, String condition) {
    return binarySensor(name)
        .set("value_template", "{{ 'ON' if %s else 'OFF' }}".formatted(condition));
  }

  static Component sensor(String name) {
    return new Component("sensor", name);
  }

  /** Shows one key of the state as it is. */
  static Component sensor(String name, String key) {
    return sensor(name).set("value_template", "{{ value_json.%s }}".formatted(key));
  }

  Component set(String key, Object value) {
    further.put(key, value);
    return this;
  }

  /** A physical quantity. */
  Component quantity(String deviceClass, String unit) {
    return set("device_class", deviceClass).set("unit_of_measurement", unit);
  }

  /** A measured value, which is only good while it is fresh. */
  Component measured(int decimals) {
    return set("suggested_display_precision", decimals)
        .set("state_class", "measurement")
        .set("expire_after", MEASURED_SECONDS);
  }

  Component diagnostic() {
    return set("entity_category", "diagnostic");
  }

  /** Home Assistant shows it only to those who switch it on. */
  Component hidden() {
    return set("enabled_by_default", false);
  }

  /** Takes commands there, and asks the broker to drop those that have become stale. */
  Component commandedBy(String topic) {
    return set("command_topic", topic).set("message_expiry_interval", COMMAND_SECONDS);
  }

  String platform() {
    return platform;
  }

  Map<String, Object> payload(String device, String key) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("platform", platform);
    payload.put("unique_id", device + "_" + key);
    payload.putAll(further);
    return payload;
  }
}
