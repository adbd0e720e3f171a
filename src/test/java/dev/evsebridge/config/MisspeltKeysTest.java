package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MisspeltKeysTest {
  private final ConfigurationFolder folder;

  MisspeltKeysTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "mqqt.broker, mqtt.broker",
    "mqtt_broker, mqtt.broker",
    "mqt.brokr, mqtt.broker",
    "MQTT.broker, mqtt.broker",
    "mqtts.client-id, mqtt.client_id",
    "esve.bind_port, evse.bind_port",
    "brigde.state_dir, bridge.state_dir",
  })
  void refusesAKeyOfThePropertiesThatLooksLikeASetting(String key, String meant) {
    folder.properties(key + " = 1");

    assertEquals(
        "%s (from %s): there is no such key; did you mean %s? A key of your own that no route refers to must begin with my."
            .formatted(key, folder.path("application.properties"), meant),
        folder.refusal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "my.broker",
        "my.mqtt.broker",
        "mqqtt.qos.x",
        "mqxyz.max_payload",
        "plain",
        "camel.main.name",
        "second.broker",
        "garage.topic",
        "evse",
        "mqtt",
        "mymqtt.topic",
        "evsename.x",
        ".broker"
      })
  void leavesTheUsersOwnKeysAlone(String key) throws ConfigurationException {
    folder.properties(key + " = 1");

    assertEquals(9091, folder.read().bindPort());
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void neverTakesAKeyThatBeginsWithMyForASetting(Setting setting) throws ConfigurationException {
    folder.properties("my." + setting.nameInTable() + " = 1");

    assertEquals("1", folder.read().placeholders().get("my." + setting.nameInTable()));
  }

  @Test
  void takesAKeyThatARouteRefersToForTheUsersOwn() throws ConfigurationException {
    folder.file("routes/second.yaml", "brokerUrl: '{{mqtt2.broker}}'");
    folder.properties("mqtt2.broker = tcp://other.example");

    assertEquals("tcp://other.example", folder.read().placeholders().get("mqtt2.broker"));
    assertEquals("tcp://localhost:1883", folder.read().mqtt().broker().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "mqqt, broker, ' (did you mean mqtt.broker?)'",
    "MQTT, broker, ' (did you mean mqtt.broker?)'",
    "my, topic, ''",
    "camel, x, ''",
  })
  void refusesATomlTableThatDoesNotExist(String table, String key, String meant) {
    folder.toml("[ " + table + " ]", key + " = 'x'");

    String refusal = folder.refusal();

    assertTrue(
        refusal.startsWith(
            "%s.%s (from %s): there is no such table; known are "
                .formatted(table, key, folder.path("dehneevse_mqtt_bridge.toml"))),
        refusal);
    assertTrue(refusal.contains("evse, evse_name, firmware"), refusal);
    assertTrue(refusal.endsWith("web" + meant), refusal);
  }

  @Test
  void refusesAnEmptyTomlTableAndAKeyOutsideOfTables() {
    folder.toml("[ mqqt ]");
    assertTrue(folder.refusal().startsWith("mqqt. (from "), folder::refusal);

    folder.toml("bind_port = 1");
    assertTrue(folder.refusal().startsWith("bind_port (from "), folder::refusal);
  }

  @Test
  void takesAnEmptyTomlTableThatExists() throws ConfigurationException {
    folder.toml("[ mqtt ]", "[ evse_name ]");

    assertEquals("tcp://localhost:1883", folder.read().mqtt().broker().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "evse.bindport, evse.bind_port",
    "evse.request_timeot, evse.request_timeout",
    "mqtt.Broker, mqtt.broker",
    "mqtt.tls.cafile, mqtt.tls.ca_file",
  })
  void saysWhichKeyOfATableWasMeant(String key, String meant) {
    folder.properties(key + " = 1");

    assertTrue(folder.refusal().endsWith(" (did you mean " + meant + "?)"), folder::refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "MQTT_BROKR, MQTT_BROKER",
    "MQQT_BROKER, MQTT_BROKER",
    "MQTT_QUOS, MQTT_QOS",
    "EVSE_BINDPORT, EVSE_BIND_PORT",
    "EVSE_BIND_PROT, EVSE_BIND_PORT",
    "ESVE_BIND_PORT, EVSE_BIND_PORT",
    "BRIDGE_STATEDIR, BRIDGE_STATE_DIR",
  })
  void refusesAVariableThatLooksLikeASetting(String name, String meant) {
    folder.variable(name, "1");

    assertEquals(
        "Environment variable %s: there is no setting of this name; did you mean %s?"
            .formatted(name, meant),
        folder.refusal());
  }

  @ParameterizedTest
  @CsvSource({
    "MQTT_PORT, tcp://10.0.0.1:1883",
    "MQTT_PORT_1883_TCP, tcp://10.0.0.1:1883",
    "MQTT_PORT_1883_TCP_ADDR, 10.0.0.1",
    "MQTT_SERVICE_HOST, 10.0.0.1",
    "MQTT_SERVICE_PORT_MQTT, 1883",
    "EVSE_BIND_SERVICE_PORT, 9091",
    "EVSE_BIN_PORT, tcp://10.0.0.1:9091",
    "MQTT_HOST, broker",
    "MQTT_ENV_MQTT_QO, 1",
  })
  void leavesVariablesOfServicesThatAreNamedLikeATableAlone(String name, String value)
      throws ConfigurationException {
    folder.variable(name, value);

    assertEquals(Set.of(name), folder.read().ignoredVariables());
  }

  @Test
  void takesTheVariablesOfTheOriginalBridge() throws ConfigurationException {
    folder.variable("DEHNEEVSE_MQTT_BROKER", "tcp://original.example");
    assertEquals("tcp://original.example", folder.read().mqtt().broker().toString());

    folder.variable("DEHNEEVSE__EVSE__BIND_PORT", "1001");
    assertEquals(1001, folder.read().bindPort());

    folder.variable("MQTT_BROKER", "tcp://new.example");
    assertEquals("tcp://new.example", folder.read().mqtt().broker().toString());
  }

  @Test
  void refusesVariablesOfTheOriginalBridgeThatItDoesNotKnow() {
    folder.variable("DEHNEEVSE_MQTT_BROKR", "tcp://original.example");

    assertTrue(
        folder.refusal().startsWith("Environment variable DEHNEEVSE_MQTT_BROKR: "),
        folder::refusal);
    assertTrue(folder.refusal().endsWith("(did you mean MQTT_BROKER?)"), folder::refusal);
  }
}
