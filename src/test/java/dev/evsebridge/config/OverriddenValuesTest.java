package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverriddenValuesTest {
  private static final String SERIAL = "10BA23AB50534D53302E3120FF162332";

  private final ConfigurationFolder folder;

  OverriddenValuesTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "evse.bind_port, 70000, 9091",
    "evse.bind_address, no such address, 127.0.0.1",
    "evse.idle_timeout, soon, 60s",
    "evse.allowed_serials, 1234, ''",
    "mqtt.broker, http://x, tcp://x",
    "mqtt.topic_publish, a/#, a",
    "mqtt.topic_subscribe, a%20b, b",
    "mqtt.client_id, '', x",
    "mqtt.keep_alive, 24h, 10s",
    "bridge.log_level, LOUD, INFO",
  })
  void refusesAWrongValueThatALaterSourceOverrides(String key, String wrong, String right) {
    folder.properties(key + " = " + wrong);
    Setting setting = Setting.ofKey(key).orElseThrow();
    folder.option(setting, "--option", right);

    assertTrue(
        folder
            .refusal()
            .startsWith(
                "%s = '%s' (from %s): "
                    .formatted(key, wrong, folder.path("application.properties"))),
        folder::refusal);
  }

  @Test
  void refusesAWrongNameThatALaterSourceOverrides() {
    folder.toml("[ evse_name ]", "id_" + SERIAL + " = 'a/b'");
    folder.variable("EVSE_NAME_ID_" + SERIAL, "Garage");

    assertTrue(folder.refusal().contains("'a/b'"), folder::refusal);
  }

  @Test
  void namesTheValueThatCountsWhenSeveralAreWrong() {
    folder.properties("mqtt.qos = 7").variable("MQTT_QOS", "8");

    assertTrue(folder.refusal().startsWith("mqtt.qos = '8' "), folder::refusal);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[evse];bind_port = 1;bind_port = 2 | 3",
        "[evse];bind_port = 1;bind_port = 2; | 3",
        "[evse];bind_port = 1;bind_port = 2;;# comment;;[mqtt] | 3",
        "[evse];bind_port = 1;bind_port = 2 # again;  ;  bind_address = '::' | 3",
        "[evse];bind_port = 1;[evse];x = 1 | 3",
        "[evse];bind_port =;[mqtt] | 2",
        "[evse];bind_port = 1;mqtt ? 2 | 3",
        "? | 1",
        "evse.bind_port = 1;? | 2",
      })
  void saysInWhichLineTheTomlIsBroken(String text, int line) {
    folder.toml(text.replace(';', '\n'));

    assertTrue(
        folder
            .refusal()
            .startsWith(
                "%s, line %d: not valid TOML: "
                    .formatted(folder.path("dehneevse_mqtt_bridge.toml"), line)),
        folder::refusal);
  }

  @Test
  void readsNoPropertiesWhereThereAreNone() throws ConfigurationException {
    assertEquals(9091, folder.read().bindPort());
  }
}
