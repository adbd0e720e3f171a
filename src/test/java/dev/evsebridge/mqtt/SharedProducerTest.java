package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.testkit.NoSources;
import dev.evsebridge.testkit.TestSettings;
import java.time.Duration;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the client could not send must not get into the queue: it would be tried for ever. */
class SharedProducerTest {
  private static final MqttSettings SETTINGS =
      TestSettings.mqtt("tcp://localhost:1", Duration.ofSeconds(10));

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final ProducerTemplate template;

  SharedProducerTest() {
    context.addComponent(
        "paho-mqtt5",
        new BridgeMqttComponent(
            new BrokerConnection(SETTINGS, 1, new NoSources()), new OpenRequests()));
    context.start();
    template = context.createProducerTemplate();
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void takesAMessageThoughTheBrokerIsAway() {
    assertDoesNotThrow(() -> template.sendBody("paho-mqtt5:a?qos=2&retained=true", "text"));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 3, 7})
  void refusesAQosThatDoesNotExist(int qos) {
    assertRefused("a", PahoMqtt5Constants.CAMEL_PAHO_MSG_QOS, qos);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "a/+", "#", "a\u0000", "a\nb", "a\u0085", "\uD83D", "\uDE97a", "a\uFFFE", "a\uFDD0"
      })
  void refusesATopicThatCannotStandInAPacket(String topic) {
    assertRefused("a", PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, topic);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "/", "Garage \u2013 \u0434\u043e\u043c \uD83D\uDE97", "a//b"})
  void takesEveryOtherTopic(String topic) {
    assertDoesNotThrow(
        () ->
            template.sendBodyAndHeader(
                "paho-mqtt5:a", "text", PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, topic));
  }

  private void assertRefused(String topic, String header, Object value) {
    CamelExecutionException failure =
        assertThrows(
            CamelExecutionException.class,
            () -> template.sendBodyAndHeader("paho-mqtt5:" + topic, "text", header, value));
    assertInstanceOf(IllegalArgumentException.class, failure.getCause());
  }
}
