package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.HomeAssistantRules;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Home Assistant hears of each charger from the bridge that has it, and of each bridge. */
@RequiresMosquitto
class SeveralBridgesHomeAssistantIT {

  private static final String ROOT = MqttProbe.MESSAGE_TOPIC;
  private static final List<String> NAMES = List.of("a", "b");

  private final Mosquitto mosquitto = Mosquitto.builder().build();
  private final List<BridgeProcess> bridges = new ArrayList<>();
  private final List<RawCharger> chargers = new ArrayList<>();
  private final String serial = Serials.next();

  @BeforeEach
  void start() {
    mosquitto.start();
    for (String name : NAMES) {
      bridges.add(
          BridgeProcess.connectingTo(mosquitto)
              .property("bridge.name", name)
              .property("evse.idle_timeout", "1h")
              .property("homeassistant.discovery", "true")
              .start());
    }
    bridges.forEach(BridgeProcess::awaitListening);
  }

  @AfterEach
  void stop() {
    chargers.forEach(RawCharger::close);
    bridges.forEach(BridgeProcess::close);
    mosquitto.close();
  }

  private MqttProbe probe() {
    return MqttProbe.builder(mosquitto.url())
        .subscribingTo(ROOT + "/#")
        .subscribingTo("homeassistant/device/+/config")
        .connect();
  }

  private static Predicate<Message> device(String id) {
    return onTopic("homeassistant/device/%s/config".formatted(id));
  }

  private static String idOf(String serial) {
    return "dehne_evse_" + serial.toLowerCase(Locale.ROOT);
  }

  private static String clientId(int bridge) {
    return "dehneevse_mqtt_bridge-" + NAMES.get(bridge);
  }

  private static Predicate<Message> via(String serial, int bridge) {
    return device(idOf(serial))
        .and(
            each ->
                each.json().path("device").path("via_device").asText().equals(clientId(bridge)));
  }

  private void connect(MqttProbe probe, int bridge, String charger) {
    chargers.add(
        RawCharger.connect(bridges.get(bridge).port()).answerLikeFirmware().hello(charger, 9));
    probe.take(message("new_connection", charger));
  }

  @Test
  void eachBridgeIsADeviceOfItsOwn() {
    try (MqttProbe probe = probe()) {
      List<String> names = new ArrayList<>();
      for (int i = 0; i < NAMES.size(); i++) {
        Message device = probe.take(device(clientId(i)));
        String own = ROOT + "/bridge/" + NAMES.get(i);
        assertEquals(own + "/health", device.field("state_topic"));
        assertEquals(
            own + "/availability",
            device.json().path("components").path("connection").path("state_topic").asText());
        names.add(device.json().path("device").path("name").asText());
      }
      assertNotEquals(names.get(0), names.get(1));
    }
  }

  @Test
  void whatTheyAnnounceTogetherIsWhatHomeAssistantTakes() {
    try (MqttProbe probe = probe()) {
      Map<String, JsonNode> announced = new HashMap<>();
      for (int i = 0; i < NAMES.size(); i++) {
        String charger = Serials.next();
        connect(probe, i, charger);
        probe.request(Messages.collect(charger));
        for (Message device :
            List.of(probe.take(device(clientId(i))), probe.take(via(charger, i)))) {
          announced.put(device.topic(), device.json());
          String stateTopic = device.field("state_topic");
          Message state = probe.take(onTopic(stateTopic));
          assertEquals(
              List.of(),
              HomeAssistantRules.broken(
                  device.topic(), device.json(), Map.of(stateTopic, state.json())));
        }
      }
      assertEquals(2 * NAMES.size(), announced.size());
      assertEquals(List.of(), HomeAssistantRules.brokenTogether(announced));
    }
  }

  @Test
  void aChargerThatMovesIsAnnouncedByItsNewBridgeAlone() {
    try (MqttProbe probe = probe()) {
      List<String> availability = new ArrayList<>();
      for (int bridge : List.of(0, 1, 0)) {
        connect(probe, bridge, serial);
        Message device = probe.take(via(serial, bridge));
        availability.add(device.json().path("availability").toString());
      }
      // Of any bridge: it is there as long as one is.
      assertEquals(
          "[{\"topic\":\"%1$s/bridge/availability\"},{\"topic\":\"%1$s/%2$s/availability\"}]"
              .formatted(ROOT, serial),
          availability.get(0));
      assertEquals(1, availability.stream().distinct().count());

      List<String> residents = List.of(Serials.next(), Serials.next());
      for (int i = 0; i < residents.size(); i++) {
        connect(probe, i, residents.get(i));
        probe.take(via(residents.get(i), i));
      }
      assertEquals(List.of(), probe.untaken(device(idOf(serial))));

      probe.publish("homeassistant/status", "online".getBytes(UTF_8));
      awaitAnnounced(probe, residents);
      probe.publish("to_dehneEVSE/bridge/request/discovery", new byte[0]);
      awaitAnnounced(probe, residents);
    }
  }

  /** Each bridge announces the one that it has seen first before its resident. */
  private void awaitAnnounced(MqttProbe probe, List<String> residents) {
    for (int i = 0; i < residents.size(); i++) {
      probe.take(via(residents.get(i), i));
    }
    probe.take(via(serial, 0));
    assertEquals(List.of(), probe.untaken(device(idOf(serial))));
  }

  @Test
  void aBridgeTakesNothingBackThatIsAnothers() {
    String stale = Serials.next();
    try (MqttProbe probe = probe()) {
      connect(probe, 0, serial);
      probe.take(via(serial, 0));
      int unused = bridges.get(1).stop();
      for (String each : List.of(serial, stale)) {
        probe.publishRetained(
            "homeassistant/device/%s/config".formatted(idOf(each)),
            "{\"origin\":{\"name\":\"evse-mqtt-bridge\"},\"device\":{\"via_device\":\"%s\"}}"
                .formatted(clientId(1))
                .getBytes(UTF_8));
        probe.take(via(each, 1));
      }
      bridges.get(1).start().awaitListening();
      probe.take(device(idOf(stale)).and(each -> each.payload().length == 0));
      connect(probe, 1, Serials.next());
      assertEquals(List.of(), probe.untaken(device(idOf(serial))));
    }
  }

  @Test
  void theDeviceOfAChargerThatIsForgottenGoes() {
    try (MqttProbe probe = probe()) {
      for (int bridge : List.of(0, 1)) {
        connect(probe, bridge, serial);
        probe.take(via(serial, bridge));
      }
      chargers.forEach(RawCharger::close);
      probe.take(
          onTopic(ROOT + "/" + serial + "/availability")
              .and(each -> each.text().equals("offline")));
      probe.publish(
          "to_dehneEVSE/bridge/request/forget",
          "{\"client_id\":\"%s\"}".formatted(serial).getBytes(UTF_8));
      probe.take(device(idOf(serial)).and(each -> each.payload().length == 0));
      String resident = Serials.next();
      for (int bridge : List.of(0, 1)) {
        connect(probe, bridge, resident);
        probe.take(via(resident, bridge));
      }
      probe.request(Messages.ping(resident));
      probe.take(message("response_ping", resident));
      assertTrue(
          probe.untaken(device(idOf(serial))).stream()
              .allMatch(each -> each.payload().length == 0));
    }
  }
}
