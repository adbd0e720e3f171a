package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.error;
import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked of two bridges together is answered by one, and done by both where both must. */
@RequiresMosquitto
class SeveralBridgesRequestsIT {

  private static final String ROOT = MqttProbe.MESSAGE_TOPIC;
  private static final String REQUESTS = MqttProbe.REQUEST_TOPIC;

  private static final Mosquitto MOSQUITTO = Mosquitto.builder().build();
  private static final List<BridgeProcess> BRIDGES = new ArrayList<>();

  /** One on each bridge. */
  private static final List<String> RESIDENTS = List.of(Serials.next(), Serials.next());

  private final String serial = Serials.next();

  @BeforeAll
  static void start() {
    MOSQUITTO.start();
    for (String name : List.of("one", "two")) {
      BRIDGES.add(bridge(MOSQUITTO, name).start());
    }
    BRIDGES.forEach(BridgeProcess::awaitListening);
    for (int i = 0; i < BRIDGES.size(); i++) {
      var unused = charger(BRIDGES.get(i), RESIDENTS.get(i));
    }
  }

  @AfterAll
  static void stop() {
    BRIDGES.forEach(BridgeProcess::close);
    MOSQUITTO.close();
  }

  private static BridgeProcess.Builder bridge(Mosquitto mosquitto, String name) {
    return BridgeProcess.connectingTo(mosquitto)
        .property("bridge.name", name)
        .property("evse.idle_timeout", "1h");
  }

  private static RawCharger charger(BridgeProcess bridge, String serial) {
    return RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9);
  }

  /** Returns when both bridges have said whatever they had to say until now. */
  private static void awaitBoth(MqttProbe probe) {
    for (String resident : RESIDENTS) {
      probe.request(Messages.ping(resident));
      probe.take(message("response_ping", resident).or(errorOf(resident)));
    }
  }

  private static MqttProbe probe() {
    MqttProbe probe = MqttProbe.connect(MOSQUITTO).subscribe("replies");
    for (int i = 0; i < BRIDGES.size(); i++) {
      probe.take(availability(RESIDENTS.get(i), "online"));
    }
    return probe;
  }

  private static Predicate<Message> availability(String clientId, String said) {
    return onTopic(ROOT + "/" + clientId + "/availability")
        .and(message -> message.text().equals(said));
  }

  private static Predicate<Message> state(String clientId, boolean connected) {
    return onTopic(ROOT + "/" + clientId + "/state")
        .and(message -> message.json().path("connected").asBoolean(!connected) == connected);
  }

  private static Predicate<Message> response(String verb) {
    return onTopic(ROOT + "/bridge/response/" + verb);
  }

  private static Message ask(MqttProbe probe, String verb, String payload) {
    probe.publish(REQUESTS + "/bridge/request/" + verb, payload.getBytes(UTF_8));
    return probe.take(response(verb));
  }

  private static String forgetting(String clientId) {
    return "{\"client_id\":\"%s\"}".formatted(clientId);
  }

  @ParameterizedTest
  @CsvSource({
    "health, '', ok",
    "discovery, '{}', ok",
    "forget, '{}', error",
    "forget, '{\"client_id\":\"nobody\"}', error",
    "dance, '{}', error",
    "health, '{', error"
  })
  void aRequestToTheBridgesIsAnsweredOnce(String verb, String payload, String status) {
    try (MqttProbe probe = probe()) {
      for (int i = 0; i < 4; i++) {
        assertEquals(status, ask(probe, verb, payload).field("status"));
        awaitBoth(probe);
        assertEquals(List.of(), probe.untaken(response(verb)));
      }
    }
  }

  @Test
  void aResponseTopicGetsOneResponse() {
    try (MqttProbe probe = probe()) {
      MqttProperties properties = new MqttProperties();
      properties.setResponseTopic("replies");
      probe.publish(
          REQUESTS + "/bridge/request/health",
          new MqttMessage("{}".getBytes(UTF_8), 1, false, properties));
      assertEquals("ok", probe.take(onTopic("replies")).field("status"));
      awaitBoth(probe);
      assertEquals(List.of(), probe.untaken(onTopic("replies")));
    }
  }

  @Test
  void bothBridgesPublishEverythingAgain() {
    try (MqttProbe probe = probe()) {
      for (String resident : RESIDENTS) {
        probe.request(Messages.collect(resident));
        probe.take(state(resident, true));
      }
      awaitBoth(probe);
      probe.forget();
      ask(probe, "discovery", "");
      for (String resident : RESIDENTS) {
        probe.take(state(resident, true));
      }
    }
  }

  @Test
  void aChargerThatIsConnectedToOneOfThemIsNotForgotten() {
    try (MqttProbe probe = probe();
        RawCharger charger = charger(BRIDGES.get(0), serial)) {
      probe.take(availability(serial, "online"));
      for (int i = 0; i < 4; i++) {
        Message refused = ask(probe, "forget", forgetting(serial));
        assertEquals("invalid_value", refused.field("error"), refused::toString);
      }
      awaitBoth(probe);
      assertEquals(
          List.of(),
          probe.untaken(
              each -> each.topic().contains("/" + serial + "/") && each.payload().length == 0));
      assertTrue(charger.isOpen());
    }
  }

  @Test
  void aForgottenChargerIsRememberedByNoneOfThem() {
    String kept = Serials.next();
    try (Mosquitto own = Mosquitto.builder().start();
        BridgeProcess first = bridge(own, "a").start();
        BridgeProcess second = bridge(own, "b").start();
        MqttProbe probe = MqttProbe.connect(own)) {
      List<BridgeProcess> both = List.of(first.awaitListening(), second.awaitListening());
      for (String each : List.of(serial, kept)) {
        both.forEach(bridge -> beReadAndLeave(probe, bridge, each));
        probe.take(availability(each, "offline"));
        probe.take(state(each, false));
      }
      assertEquals("ok", ask(probe, "forget", forgetting(serial)).field("status"));
      for (String topic : List.of("availability", "state", "firmware")) {
        probe.take(
            onTopic(ROOT + "/" + serial + "/" + topic).and(each -> each.payload().length == 0));
      }
      for (BridgeProcess bridge : both) {
        int unused = bridge.stop();
        probe.forget();
        bridge.start().awaitListening();
        beReadAndLeave(probe, bridge, Serials.next());
        assertEquals(List.of(), probe.untaken(each -> tellsOf(each, serial)));
      }
      // The one that it was at last says it of itself.
      probe.take(state(kept, false));
      try (MqttProbe later = MqttProbe.connect(own)) {
        later.take(availability(kept, "offline"));
        later.take(state(kept, false));
        assertEquals(List.of(), later.untaken(each -> tellsOf(each, serial)));
      }
    }
  }

  private static void beReadAndLeave(MqttProbe probe, BridgeProcess bridge, String clientId) {
    try (RawCharger charger = charger(bridge, clientId)) {
      probe.take(message("new_connection", clientId));
      probe.request(Messages.collect(clientId));
      probe.take(message("response_collect_data", clientId));
      probe.take(state(clientId, true).and(each -> !each.field("pilot_voltage").isEmpty()));
      assertTrue(charger.isOpen());
    }
  }

  private static boolean tellsOf(Message message, String clientId) {
    return message.payload().length > 0 && (message.topic() + message.text()).contains(clientId);
  }

  @Test
  void eachBridgeTellsOfItself() {
    try (MqttProbe probe = probe()) {
      List<String> names = List.of("one", "two");
      for (int i = 0; i < names.size(); i++) {
        String topic = ROOT + "/bridge/" + names.get(i) + "/";
        assertEquals(
            "dehneevse_mqtt_bridge-" + names.get(i),
            probe.take(onTopic(topic + "info")).field("mqtt_client_id"));
        assertEquals(names.get(i), probe.take(onTopic(topic + "health")).field("bridge"));
        String own = RESIDENTS.get(i);
        String other = RESIDENTS.get(1 - i);
        Message list = probe.take(onTopic(topic + "chargers").and(each -> isIn(each, own)));
        assertTrue(!isIn(list, other), list::toString);
      }
      assertEquals(
          List.of(),
          probe.untaken(each -> each.topic().matches(ROOT + "/bridge/(?:info|chargers|health)")));
    }
  }

  private static boolean isIn(Message list, String clientId) {
    for (JsonNode each : list.json()) {
      if (each.path("client_id").asText().equals(clientId)) {
        return each.path("connected").asBoolean();
      }
    }
    return false;
  }

  @Test
  void nothingIsLeftOfABridgeThatWasAlone() {
    try (Mosquitto own = Mosquitto.builder().start();
        MqttProbe probe = MqttProbe.connect(own)) {
      List<String> topics = List.of("/bridge/info", "/bridge/chargers", "/bridge/health");
      for (String topic : topics) {
        probe.publishRetained(ROOT + topic, "{}".getBytes(UTF_8));
      }
      try (BridgeProcess bridge = bridge(own, "a").start()) {
        for (String topic : topics) {
          probe.take(onTopic(ROOT + topic).and(each -> each.payload().length == 0));
        }
        assertTrue(bridge.isRunning());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"set", "set/enabled", "set/limit_amps", "set/reset", "set/firmware", "set/dance"})
  void aSetPointForAChargerThatIsAwayEndsInOneError(String topic) {
    try (MqttProbe probe = probe()) {
      try (RawCharger charger = charger(BRIDGES.get(0), serial)) {
        probe.take(availability(serial, "online"));
        assertTrue(charger.isOpen());
      }
      probe.take(availability(serial, "offline"));
      for (String clientId : List.of(serial, Serials.next())) {
        String payload =
            switch (topic) {
              case "set" -> "{\"enabled\":true}";
              case "set/enabled" -> "true";
              case "set/limit_amps" -> "10";
              case "set/firmware" -> "install";
              default -> "all";
            };
        String expected = topic.equals("set/dance") ? "unknown_message_type" : "not_connected";
        for (int i = 0; i < 2; i++) {
          probe.publish(REQUESTS + "/" + clientId + "/" + topic, payload.getBytes(UTF_8));
          assertEquals(expected, probe.take(errorOf(clientId)).field("error"));
          awaitBoth(probe);
          assertEquals(List.of(), probe.untaken(error()));
        }
      }
    }
  }

  @Test
  void aBridgeHearsThatItsControllerIsAliveSinceBefore() {
    try (Mosquitto own = Mosquitto.builder().start();
        MqttProbe probe = MqttProbe.connect(own)) {
      probe.publishRetained("evcc/status", "online".getBytes(UTF_8));
      try (BridgeProcess bridge =
          bridge(own, "a")
              .property("alive.topic", "evcc/status")
              .property("evse.poll", "5s")
              .start()) {
        assertTrue(bridge.awaitListening().isListening());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/alive", "/nobody/alive"})
  void aSignOfLifeThatIsTooLongEndsInOneError(String topic) {
    try (MqttProbe probe = probe()) {
      probe.publish(REQUESTS + topic, new byte[300_000]);
      assertEquals("invalid_json", probe.take(error()).field("error"));
      awaitBoth(probe);
      assertEquals(List.of(), probe.untaken(error()));
    }
  }
}
