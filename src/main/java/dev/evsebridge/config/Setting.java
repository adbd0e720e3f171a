package dev.evsebridge.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The keys of the configuration, the same in every source, with their defaults. */
public enum Setting {
  EVSE_BIND_ADDRESS("evse.bind_address", "[::]"),
  EVSE_BIND_PORT("evse.bind_port", "9091"),
  EVSE_HANDSHAKE_TIMEOUT("evse.handshake_timeout", "10s"),
  EVSE_IDLE_TIMEOUT("evse.idle_timeout", "60s"),
  EVSE_REQUEST_TIMEOUT("evse.request_timeout", "5s"),
  EVSE_FIRMWARE_TIMEOUT("evse.firmware_timeout", "120s"),
  EVSE_REQUEST_QUEUE("evse.request_queue", "16"),
  EVSE_MAX_CONNECTIONS("evse.max_connections", "10000"),
  EVSE_MAX_FRAME_LENGTH("evse.max_frame_length", "2048"),
  EVSE_ALLOWED_SERIALS("evse.allowed_serials", ""),
  EVSE_INTERLOCK("evse.interlock", "off"),
  EVSE_POLL("evse.poll", "0s"),
  EVSE_WHEN_CONTROL_DIES("evse.when_control_dies", "disconnect"),
  MQTT_BROKER("mqtt.broker", "tcp://localhost:1883"),
  MQTT_TOPIC_PUBLISH("mqtt.topic_publish", "from_dehneEVSE"),
  MQTT_TOPIC_SUBSCRIBE("mqtt.topic_subscribe", "to_dehneEVSE"),
  MQTT_CLIENT_ID("mqtt.client_id", "dehneevse_mqtt_bridge"),
  MQTT_QOS("mqtt.qos", "1"),
  MQTT_USERNAME("mqtt.username", ""),
  MQTT_PASSWORD("mqtt.password", "", Kind.SECRET),
  MQTT_PASSWORD_FILE("mqtt.password_file", ""),
  MQTT_KEEP_ALIVE("mqtt.keep_alive", "10s"),
  MQTT_TLS_CA_FILE("mqtt.tls.ca_file", ""),
  MQTT_TLS_CERT_FILE("mqtt.tls.cert_file", ""),
  MQTT_TLS_KEY_FILE("mqtt.tls.key_file", ""),
  MQTT_BUFFER("mqtt.buffer", "10000"),
  MQTT_MAX_PAYLOAD("mqtt.max_payload", "262144"),
  BRIDGE_NAME("bridge.name", ""),
  BRIDGE_BROKER_LOSS_GRACE("bridge.broker_loss_grace", "30s"),
  BRIDGE_STATE_DIR("bridge.state_dir", "state"),
  BRIDGE_STATE_TOPICS("bridge.state_topics", "true"),
  BRIDGE_LOG_LEVEL("bridge.log_level", "INFO"),
  FIRMWARE_IMAGE("firmware.image", ""),
  FIRMWARE_VERSION("firmware.version", ""),
  HOMEASSISTANT_DISCOVERY("homeassistant.discovery", "false"),
  HOMEASSISTANT_PREFIX("homeassistant.prefix", "homeassistant"),
  HOMEASSISTANT_STATUS_TOPIC("homeassistant.status_topic", "homeassistant/status"),
  WEB_PORT("web.port", ""),
  WEB_ADDRESS("web.address", "127.0.0.1"),
  WEB_USERNAME("web.username", "evse"),
  WEB_PASSWORD("web.password", "", Kind.SECRET),
  WEB_PASSWORD_FILE("web.password_file", ""),
  WEB_HOST_NAMES("web.host_names", ""),
  WEB_INGRESS("web.ingress", ""),
  WEB_READ_ONLY("web.read_only", "false"),
  WEB_OPEN_METRICS("web.open_metrics", "false"),
  ALIVE_TOPIC("alive.topic", ""),
  ALIVE_PAYLOAD("alive.payload", "online"),
  ALIVE_TIMEOUT("alive.timeout", "0s"),
  CONTROL_MODE("control.mode", "off", Kind.PER_CHARGER),
  CONTROL_MAX_AMPS("control.max_amps", "", Kind.PER_CHARGER),
  CONTROL_MIN_AMPS("control.min_amps", "6", Kind.PER_CHARGER),
  CONTROL_CABLE("control.cable", "proximity", Kind.PER_CHARGER),
  CONTROL_INITIAL_ENABLED("control.initial_enabled", "false", Kind.PER_CHARGER),
  CONTROL_INITIAL_LIMIT_AMPS("control.initial_limit_amps", "", Kind.PER_CHARGER),
  CONTROL_FALLBACK_AMPS("control.fallback_amps", "0", Kind.PER_CHARGER),
  CONTROL_BROKER_LOSS("control.broker_loss", "fallback", Kind.PER_CHARGER),
  CONTROL_ON_STOP("control.on_stop", "stop", Kind.PER_CHARGER),
  CONTROL_POLL("control.poll", "5s", Kind.PER_CHARGER),
  CONTROL_STOP_TIMEOUT("control.stop_timeout", "6s", Kind.PER_CHARGER),
  CONTROL_OPEN_ON_NOTIFY("control.open_on_notify", "true", Kind.PER_CHARGER),
  CONTROL_MIN_OFF("control.min_off", "15s", Kind.PER_CHARGER),
  CONTROL_RESTART_DELAY("control.restart_delay", "60s", Kind.PER_CHARGER),
  CONTROL_STARTS_PER_HOUR("control.starts_per_hour", "12", Kind.PER_CHARGER),
  CONTROL_PWM_INTERVAL("control.pwm_interval", "5s", Kind.PER_CHARGER),
  CONTROL_RAMP_UP_AMPS("control.ramp_up_amps", "0", Kind.PER_CHARGER),
  CONTROL_VENTILATION("control.ventilation", "refuse", Kind.PER_CHARGER),
  CONTROL_WAKEUP("control.wakeup", "toggle", Kind.PER_CHARGER),
  CONTROL_WAKEUP_AFTER("control.wakeup_after", "60s", Kind.PER_CHARGER),
  CONTROL_FAULT_WAIT("control.fault_wait", "30s", Kind.PER_CHARGER),
  CONTROL_OVERCURRENT_PERCENT("control.overcurrent_percent", "10", Kind.PER_CHARGER),
  CONTROL_OVERCURRENT_AMPS("control.overcurrent_amps", "0.5", Kind.PER_CHARGER),
  CONTROL_OVERCURRENT_TIME("control.overcurrent_time", "10s", Kind.PER_CHARGER),
  CONTROL_VOLTAGE_MIN("control.voltage_min", "184", Kind.PER_CHARGER),
  CONTROL_VOLTAGE_MAX("control.voltage_max", "265", Kind.PER_CHARGER),
  SENSORS_CURRENT_L1("sensors.current_l1", "", Kind.PER_CHARGER),
  SENSORS_CURRENT_L2("sensors.current_l2", "", Kind.PER_CHARGER),
  SENSORS_CURRENT_L3("sensors.current_l3", "", Kind.PER_CHARGER),
  SENSORS_VOLTAGE_L1("sensors.voltage_l1", "", Kind.PER_CHARGER),
  SENSORS_VOLTAGE_L2("sensors.voltage_l2", "", Kind.PER_CHARGER),
  SENSORS_VOLTAGE_L3("sensors.voltage_l3", "", Kind.PER_CHARGER);

  private enum Kind {
    PLAIN,
    SECRET,
    PER_CHARGER
  }

  private final String key;
  private final String defaultValue;
  private final Kind kind;

  Setting(String key, String defaultValue) {
    this(key, defaultValue, Kind.PLAIN);
  }

  Setting(String key, String defaultValue, Kind kind) {
    this.key = key;
    this.defaultValue = defaultValue;
    this.kind = kind;
  }

  /** The key in files. */
  public String key() {
    return key;
  }

  /** The value where no source gives one. */
  public String defaultValue() {
    return defaultValue;
  }

  /** The name of the environment variable. */
  public String environmentVariable() {
    return key.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  /** Whether its value must never be shown. */
  boolean isSecret() {
    return kind == Kind.SECRET;
  }

  /** Whether {@code table.id_<SERIAL>.name} sets it for one charger alone. */
  boolean isPerCharger() {
    return kind == Kind.PER_CHARGER;
  }

  /** The part of the key before the first dot. */
  String table() {
    return key.substring(0, key.indexOf('.'));
  }

  /** The part of the key after the first dot. */
  String nameInTable() {
    return key.substring(key.indexOf('.') + 1);
  }

  static Optional<Setting> ofKey(String key) {
    return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
  }
}
