package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MqttSectionTest {
  private final ConfigurationFolder folder;

  MqttSectionTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a%20b",
        "100%",
        "//evse/from",
        "evse?qos=0",
        "a{{b}}",
        "a{{",
        "a}}",
        "a${b}",
        "a$simple{b}",
        "a\\b",
        "a\u00a0b",
        "a\u2003b",
      })
  void refusesTopicsThatRoutesWouldChange(String topic) {
    for (Setting setting :
        new Setting[] {Setting.MQTT_TOPIC_PUBLISH, Setting.MQTT_TOPIC_SUBSCRIBE}) {
      folder.environment.clear();
      folder.variable(setting.environmentVariable(), topic);

      String refusal = folder.refusal();

      assertTrue(refusal.startsWith(setting.key() + " = '" + topic + "' (from "), refusal);
      assertTrue(refusal.contains("routes can't carry it unchanged"), refusal);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/evse/from",
        "evse//from",
        "evse/",
        "a b",
        "a&b=c",
        "a:b",
        "a{b}",
        "a$b",
        "'a'",
        "\"a\"",
        "a;b",
        "RAW(a)",
        "wärme/車",
        "😀",
        "a,b",
        "a@b",
        "~",
        "a=b",
        "[a]",
        "<a>",
        "a|b",
        "a^b`c"
      })
  void takesTopicsWithAllOtherCharacters(String topic) throws ConfigurationException {
    folder.variable("MQTT_TOPIC_PUBLISH", topic);

    assertEquals(topic, folder.read().mqtt().publishTopic());
  }

  @Test
  void refusesWhatMqttCannotCarry() {
    folder.properties("mqtt.topic_publish = a\\ufffeb");
    assertTrue(folder.refusal().startsWith("mqtt.topic_publish = "), folder::refusal);

    folder.properties("mqtt.username = a\\u0000b");
    assertTrue(folder.refusal().startsWith("mqtt.username = "), folder::refusal);

    folder.properties("mqtt.client_id = a\\u0085b");
    assertTrue(folder.refusal().startsWith("mqtt.client_id = "), folder::refusal);

    folder.properties("mqtt.client_id = " + "ä".repeat(32_768));
    assertTrue(folder.refusal().startsWith("mqtt.client_id = "), folder::refusal);
  }

  @Test
  void takesTheLongestKeepAliveThatMqttCanCarry() throws ConfigurationException {
    folder.properties("mqtt.keep_alive = 65535s");

    assertEquals(Duration.ofSeconds(65_535), folder.read().mqtt().keepAlive());
  }

  @Test
  void refusesAPasswordWithoutAUserName() {
    folder.variable("MQTT_PASSWORD", "hunter2");
    assertEquals(
        "mqtt.password = (not shown) (from environment variable MQTT_PASSWORD): mqtt.username must be set as well: brokers look at a password only together with a user name",
        folder.refusal());

    folder.environment.clear();
    Path password = folder.file("password", "hunter2");
    folder.variable("MQTT_PASSWORD_FILE", password.toString());
    assertTrue(folder.refusal().contains("mqtt.username must be set as well"), folder::refusal);
  }
}
