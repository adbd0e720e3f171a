package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerAddressTest {
  private final ConfigurationFolder folder;

  BrokerAddressTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "broker.example, tcp://broker.example",
    "broker.example:1884, tcp://broker.example:1884",
    "192.0.2.1, tcp://192.0.2.1",
    "[2001:db8::1], tcp://[2001:db8::1]",
    "[::1]:1883, tcp://[::1]:1883",
    "tcp://[fe80::1%eth0]:1883, tcp://[fe80::1%eth0]:1883",
    "tcp://broker.example:1883/, tcp://broker.example:1883",
    "tcp://broker.example/, tcp://broker.example",
    "ssl://broker.example:8883/, ssl://broker.example:8883",
    "mqtt://broker.example, tcp://broker.example",
    "mqtts://broker.example:8883, ssl://broker.example:8883",
    "MQTT://Broker.example, tcp://Broker.example",
    "TCP://broker.example, tcp://broker.example",
    "tcp://mqtt_broker:1883, tcp://mqtt_broker:1883",
    "mqtt_broker, tcp://mqtt_broker",
    "tcp://bücher.example:1883, tcp://xn--bcher-kva.example:1883",
    "ws://broker.example:9001, ws://broker.example:9001",
    "ws://broker.example:9001/, ws://broker.example:9001/",
    "WSS://mqtt_broker/mqtt?a=b, wss://mqtt_broker/mqtt?a=b",
  })
  void takesWhatPeopleWrite(String written, String address) throws ConfigurationException {
    folder.variable("MQTT_BROKER", written);

    assertEquals(address, folder.read().mqtt().broker().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://broker.example",
        "amqp://broker.example",
        "tcp://",
        "tcp:///",
        "://broker.example",
        "tcp:broker.example",
        "tcp://broker.example:",
        "tcp://broker.example:0",
        "tcp://broker.example:65536",
        "tcp://broker.example:99999999999",
        "tcp://broker.example:x",
        "tcp://broker.example//",
        "tcp://broker.example/path",
        "tcp://broker.example?clean=1",
        "tcp://broker.example#x",
        "tcp://broker..example",
        "tcp://.example",
        "tcp://-broker",
        "tcp://broker example",
        "tcp://::1:1883",
        "tcp://[::1",
        "tcp://[broker]:1883",
        "ws://broker.example/a b",
        "ws://broker.example/%zz",
        "tcp://a.example:1883,tcp://b.example:1883",
      })
  void refusesWhatIsNoAddress(String written) {
    folder.variable("MQTT_BROKER", written);

    assertEquals(
        "mqtt.broker = '%s' (from environment variable MQTT_BROKER): it must be tcp://host:port, ssl://host:port, ws://host:port/path or wss://host:port/path"
            .formatted(written),
        folder.refusal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://user:hunter2@broker.example:1883",
        "tcp://user:hunter2@mqtt_broker",
        "user:hunter2@broker.example",
        "mqtts://hunter2@broker.example",
        "tcp://user:hunter2@",
        "tcp://us er:hunter2@broker.example",
        "tcp://user:a/hunter2@broker.example",
        "tcp://user:a#hunter2?@broker.example:1883/",
        "wss://user:hunter2@broker.example/mqtt",
        "http://user:hunter2@broker.example",
      })
  void refusesUserAndPasswordWithoutShowingThem(String written) {
    folder.properties("mqtt.broker = " + written);
    folder.option(Setting.MQTT_BROKER, "--mqtt_host", "tcp://broker.example");

    String refusal = folder.refusal();

    assertFalse(refusal.contains("hunter2"), refusal);
    assertFalse(refusal.contains("broker.example"), refusal);
    assertTrue(refusal.startsWith("mqtt.broker = (not shown) (from "), refusal);
    assertTrue(refusal.endsWith("into mqtt.username and mqtt.password"), refusal);
  }
}
