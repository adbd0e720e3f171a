package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.SerialNumber;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a setting means does not depend on how its source is encoded. */
class ReadableTextTest {
  private static final String SERIAL = "10BA23AB50534D53302E3120FF162332";
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final ConfigurationFolder folder;

  ReadableTextTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @Test
  void skipsAByteOrderMarkInTheProperties() throws ConfigurationException {
    folder.properties(BYTE_ORDER_MARK + "evse.bind_port = 1001", "my.topic = wärme");

    assertEquals(1001, folder.read().bindPort());
    assertEquals("wärme", folder.read().placeholders().get("my.topic"));

    folder.properties(BYTE_ORDER_MARK + "my.topic = wärme");

    assertEquals("wärme", folder.read().placeholders().get("my.topic"));
  }

  @Test
  void skipsAByteOrderMarkInToml() throws ConfigurationException {
    folder.toml(BYTE_ORDER_MARK + "[evse]", "bind_port = 1002");

    assertEquals(1002, folder.read().bindPort());
  }

  @Test
  void skipsAByteOrderMarkInTheFileThatIsNamed() throws ConfigurationException {
    folder.naming(folder.file("a.properties", BYTE_ORDER_MARK + "evse.bind_port = 1003"));

    assertEquals(1003, folder.read().bindPort());
  }

  @Test
  void skipsAByteOrderMarkInThePasswordFile() throws ConfigurationException {
    Path password = folder.file("password", BYTE_ORDER_MARK + "hidden\r\n");
    folder.properties("mqtt.username = user", "mqtt.password_file = " + password);

    assertArrayEquals(
        "hidden".getBytes(StandardCharsets.UTF_8),
        folder.read().mqtt().password().orElseThrow().reveal());
  }

  @Test
  void refusesWhatCouldNotBeDecoded() {
    folder.variable("MQTT_TOPIC_PUBLISH", "w\uFFFD\uFFFDrme");
    assertEquals(
        "mqtt.topic_publish = 'w\uFFFD\uFFFDrme' (from environment variable MQTT_TOPIC_PUBLISH): it holds a character that could not be read; files must be UTF-8, and for variables and options LANG must name a UTF-8 locale, such as C.UTF-8",
        folder.refusal());

    folder.environment.clear();
    folder.variable("EVSE_NAME_ID_" + SERIAL, "K\uFFFDche");
    assertTrue(folder.refusal().startsWith("evse_name.id_" + SERIAL + " = 'K"), folder::refusal);

    folder.environment.clear();
    folder.option(Setting.MQTT_TOPIC_SUBSCRIBE, "--mqtt_topic_subscribe", "\uFFFD");
    assertTrue(folder.refusal().startsWith("mqtt.topic_subscribe = "), folder::refusal);

    folder.options.clear();
    folder.properties("mqtt.client_id = half a pair: \\ud83d");
    assertTrue(folder.refusal().startsWith("mqtt.client_id = "), folder::refusal);
  }

  @Test
  void doesNotShowASecretThatCouldNotBeDecoded() {
    folder.variable("MQTT_PASSWORD", "hunter2\uFFFD");

    assertTrue(folder.refusal().startsWith("mqtt.password = (not shown) "), folder::refusal);
    assertFalse(folder.refusal().contains("hunter2"), folder::refusal);
  }

  @Test
  void takesEveryLetterThatWasDecoded() throws ConfigurationException {
    folder.variable("EVSE_NAME_ID_" + SERIAL, "Küche 車 😀");

    assertEquals("Küche 車 😀", folder.read().names().clientId(new SerialNumber(SERIAL)));
  }
}
