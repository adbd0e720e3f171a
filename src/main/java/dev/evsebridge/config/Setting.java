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
  BRIDGE_BROKER_LOSS_GRACE("bridge.broker_loss_grace", "30s"),
  BRIDGE_STATE_DIR("bridge.state_dir", "state"),
  BRIDGE_LOG_LEVEL("bridge.log_level", "INFO");

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
