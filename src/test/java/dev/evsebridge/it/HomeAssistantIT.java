package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.HomeAssistantRules;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** A charger appears in Home Assistant by itself, keeps what it is, and goes when it is to go. */
@RequiresMosquitto
class HomeAssistantIT {
  private static final String BRIDGE = "homeassistant/device/dehneevse_mqtt_bridge/config";
  private static final int VOLT_9 = 1;

  private static final List<String> PILOTS =
      List.of("volt_12", "volt_9", "volt_6", "volt_3", "fault");

  private final String serial = Serials.next();

  @Test
  void announcesWhatHomeAssistantTakes() {
    try (Installation installation = Installation.with(HomeAssistantIT::everything).start()) {
      MqttProbe probe = installation.probe().subscribe("homeassistant/#");
      RawCharger charger =
          installation
              .charger(serial)
              .answerLikeFirmware(ChargerReading.typical().pilotVoltage(VOLT_9), 9);

      Message device = probe.take(onTopic(topic(serial)));
      assertKeepsTheRules(probe, device, "state", serial);
      assertEquals("9", device.json().path("device").path("sw_version").asText());
      assertTrue(device.json().path("components").has("enabled"), device::text);
      assertTrue(device.json().path("components").has("phase3_voltage"), device::text);
      Message bridge = probe.take(onTopic(BRIDGE));
      assertKeepsTheRules(probe, bridge, "availability", "bridge");
      assertTrue(bridge.number() < device.number(), "the bridge comes first");

      installation.connect().hello(Serials.next(), 9).close();
      probe.publish("homeassistant/status", "online".getBytes(UTF_8));
      Message bridgeAgain = probe.take(onTopic(BRIDGE));
      Message again = probe.take(onTopic(topic(serial)));
      assertEquals(device.text(), again.text());
      assertTrue(bridgeAgain.number() < again.number());
      probe.take(
          onTopic("from_dehneEVSE/" + serial + "/state")
              .and(each -> each.number() > again.number()));
      assertEquals(List.of(), probe.untaken(each -> each.topic().startsWith("homeassistant/dev")));

      probe.publish("to_dehneEVSE/bridge/request/discovery", "{}".getBytes(UTF_8));
      assertEquals(again.text(), probe.take(onTopic(topic(serial))).text());
      assertTrue(charger.isOpen());
    }
  }

  @Test
  void namesTopicsThatAreThereAndCommandsThatAreTaken() {
    try (Installation installation = Installation.with(HomeAssistantIT::everything).start()) {
      MqttProbe probe = installation.probe().subscribe("homeassistant/#");
      installation.charger(serial).answerLikeFirmware();
      JsonNode device = probe.take(onTopic(topic(serial))).json();
      JsonNode bridge = probe.take(onTopic(BRIDGE)).json();

      for (JsonNode each : device.path("availability")) {
        assertEquals("online", probe.take(onTopic(each.path("topic").asText())).text());
      }
      Set<String> stateTopics = new TreeSet<>(device.findValuesAsText("state_topic"));
      stateTopics.addAll(bridge.findValuesAsText("state_topic"));
      // The bridge's availability was taken above.
      stateTopics.remove("from_dehneEVSE/bridge/availability");
      for (String each : stateTopics) {
        assertTrue(probe.take(onTopic(each)).qos() == 1, each);
      }
      JsonNode enabled = device.path("components").path("enabled");
      for (boolean on : new boolean[] {true, false}) {
        command(probe, enabled, enabled.path(on ? "payload_on" : "payload_off").asText());
        awaitState(probe, state -> state.path("enabled").asBoolean(!on) == on);
      }
      command(probe, device.path("components").path("current_limit"), "7");
      awaitState(probe, state -> state.path("limit_amps").asDouble() == 7);
      JsonNode reset = device.path("components").path("reset");
      command(probe, reset, reset.path("payload_press").asText());
      installation.awaitRequestsDone();
      assertEquals(List.of(), probe.untaken(MqttProbe.error()));
    }
  }

  /** Whatever a charger is set to and goes through, Home Assistant takes what it is told. */
  @Test
  void showsInHomeAssistantWhateverAChargerGoesThrough() {
    String plain = Serials.next();
    String least = Serials.next();
    String partly = Serials.next();
    List<String> serials = List.of(serial, plain, least, partly);
    List<String> names = List.of("Stellplatz 7 ü", plain, least, partly);
    try (Installation installation =
        Installation.with(
                bridge ->
                    bridge
                        .property("homeassistant.discovery", "true")
                        .property("evse_name.id_" + serial, names.get(0))
                        .property(control(serial, "mode"), "on")
                        .property(control(serial, "max_amps"), "12.5")
                        .property(sensor(serial, "current_l1"), "0,1,1")
                        .property(sensor(serial, "voltage_l1"), "0,1,1")
                        .property(control(least, "mode"), "on")
                        .property(control(least, "max_amps"), "6")
                        .property(sensor(partly, "current_l2"), "0,1,1")
                        .property(sensor(partly, "voltage_l3"), "0,1,1"))
            .start()) {
      MqttProbe probe = installation.probe();
      MqttProbe homeAssistant =
          MqttProbe.builder(installation.mosquitto().url())
              .subscribingTo("from_dehneEVSE/#")
              .subscribingTo("homeassistant/#")
              .connect();
      for (int i = 0; i < serials.size(); i++) {
        goThroughEverything(installation, serials.get(i), names.get(i));
      }
      probe.publish("from_dehneEVSE/last", new byte[] {1});
      homeAssistant.take(onTopic("from_dehneEVSE/last"));
      List<Message> all = homeAssistant.untaken(each -> true);
      homeAssistant.close();
      assertKeepTheRules(all, serials.size() + 1);
    }
  }

  private static void goThroughEverything(
      Installation installation, String ofSerial, String clientId) {
    ChargerReading reading = ChargerReading.typical();
    MqttProbe probe = installation.probe();
    try (RawCharger unused =
        installation.connect().answerLikeFirmware(reading, 9).hello(ofSerial, 9)) {
      probe.take(message("new_connection", clientId));
      for (int pilot = 0; pilot < PILOTS.size(); pilot++) {
        for (int contactor = 0; contactor <= 1; contactor++) {
          reading.pilotVoltage(pilot).contactor(contactor).proximityPilot(pilot % 4);
          reading.pwmPercent(pilot == 0 ? 100 : 10 * pilot);
          probe.request(Messages.collect(clientId));
          probe.take(message("response_collect_data", clientId));
        }
        String expected = PILOTS.get(pilot);
        probe.take(
            onTopic("from_dehneEVSE/" + clientId + "/state")
                .and(each -> each.json().path("pilot_voltage").asText().equals(expected)));
      }
    }
    probe.take(
        onTopic("from_dehneEVSE/" + clientId + "/state")
            .and(each -> each.json().path("why").asText().equals("offline")));
  }

  private static String control(String ofSerial, String key) {
    return "control.id_%s.%s".formatted(ofSerial, key);
  }

  private static String sensor(String ofSerial, String key) {
    return "sensors.id_%s.%s".formatted(ofSerial, key);
  }

  /** Each announcement with each of the states that it speaks of. */
  private static void assertKeepTheRules(List<Message> all, int devices) {
    Map<String, JsonNode> announced = new HashMap<>();
    Set<String> broken = new TreeSet<>();
    int states = 0;
    for (Message each : all) {
      if (each.topic().startsWith("homeassistant/device/")) {
        announced.put(each.topic(), each.json());
      }
    }
    for (Map.Entry<String, JsonNode> device : announced.entrySet()) {
      Set<String> topics = new TreeSet<>(device.getValue().findValuesAsText("state_topic"));
      for (Message each : all) {
        if (topics.contains(each.topic())) {
          states++;
          JsonNode state =
              each.json().isMissingNode() ? TextNode.valueOf(each.text()) : each.json();
          HomeAssistantRules.broken(device.getKey(), device.getValue(), Map.of(each.topic(), state))
              .forEach(what -> broken.add(device.getKey() + ": " + what + " of " + each));
        }
      }
    }
    broken.addAll(HomeAssistantRules.brokenTogether(announced));
    assertEquals(Set.of(), broken);
    assertEquals(devices, announced.size());
    assertTrue(states > PILOTS.size() * (devices - 1), "only " + states + " states");
  }

  private static void command(MqttProbe probe, JsonNode component, String payload) {
    probe.publish(component.path("command_topic").asText(), payload.getBytes(UTF_8));
  }

  private void awaitState(MqttProbe probe, Predicate<JsonNode> wanted) {
    Message unused =
        probe.take(
            onTopic("from_dehneEVSE/" + serial + "/state").and(each -> wanted.test(each.json())));
  }

  @Test
  void announcesOnlyWhatAPlainChargerHas() {
    try (Installation installation =
        Installation.with(bridge -> bridge.property("homeassistant.discovery", "true")).start()) {
      MqttProbe probe = installation.probe().subscribe("homeassistant/#");
      installation.charger(serial).answerLikeFirmware();
      probe.request(Messages.collect(serial));
      probe.take(message("response_collect_data", serial));

      Message device = probe.take(onTopic(topic(serial)));
      assertKeepsTheRules(probe, device, "state", serial);
      List<String> keys = new ArrayList<>();
      device.json().path("components").fieldNames().forEachRemaining(keys::add);
      assertEquals(
          "status why vehicle charging problem offered cable contactor pwm rssi started firmware",
          String.join(" ", keys));
    }
  }

  @Test
  void keepsTrackOverRestartsAndGoesWhenItIsSwitchedOff() throws IOException {
    String stale = topic(Serials.next());
    String foreign = topic(Serials.next());
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe =
            MqttProbe.builder(mosquitto.url())
                .subscribingTo("from_dehneEVSE/#")
                .subscribingTo("homeassistant/#")
                .connect();
        BridgeProcess bridge =
            everything(BridgeProcess.connectingTo(mosquitto)).start().awaitListening()) {
      RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9).answerLikeFirmware();
      JsonNode before = probe.take(onTopic(topic(serial))).json();
      assertEquals(serial, before.path("device").path("name").asText());
      bridge.stop();
      charger.close();
      probe.publishRetained(stale, before.toString().getBytes(UTF_8));
      probe.publishRetained(
          foreign,
          before.toString().replace("dehneevse_mqtt_bridge", "another_bridge").getBytes(UTF_8));
      probe.take(onTopic(stale));
      probe.take(onTopic(foreign));

      properties(bridge, "homeassistant.discovery=true", "evse_name.id_" + serial + "=Car port");
      bridge.start().awaitListening();
      JsonNode changed = probe.take(onTopic(topic(serial))).json();
      assertEquals("Car port", changed.path("device").path("name").asText());
      assertEquals(
          before.path("device").path("identifiers"), changed.path("device").path("identifiers"));
      assertEquals(
          "{\"platform\":\"switch\"}", changed.path("components").path("enabled").toString());
      assertEquals(
          "{\"platform\":\"sensor\"}", changed.path("components").path("power").toString());
      JsonNode then = probe.take(onTopic(topic(serial))).json();
      assertTrue(then.path("components").path("enabled").isMissingNode());
      assertTrue(then.path("components").path("power").isMissingNode());
      assertEquals("", probe.take(onTopic(stale)).text());
      bridge.stop();

      properties(bridge);
      bridge.start().awaitListening();
      assertEquals(
          "", probe.take(onTopic(topic(serial)).and(each -> each.payload().length == 0)).text());
      assertEquals("", probe.take(onTopic(BRIDGE).and(each -> each.payload().length == 0)).text());
      try (MqttProbe later =
          MqttProbe.builder(mosquitto.url()).subscribingTo("homeassistant/#").connect()) {
        assertTrue(later.take(onTopic(foreign)).retained());
        probe.publish("from_dehneEVSE/last", new byte[] {1});
        probe.take(onTopic("from_dehneEVSE/last"));
        assertEquals(List.of(), later.untaken(each -> true));
      }
    }
  }

  private static void assertKeepsTheRules(
      MqttProbe probe, Message announcement, String live, String clientId) {
    Message state = probe.take(onTopic("from_dehneEVSE/" + clientId + "/" + live));
    assertTrue(state.retained() || state.qos() == 1);
    Map<String, JsonNode> topics = new HashMap<>();
    if (live.equals("state")) {
      topics.put(state.topic(), state.json());
    }
    assertEquals(
        List.of(),
        HomeAssistantRules.broken(announcement.topic(), announcement.json(), topics),
        announcement::text);
    assertEquals(1, announcement.qos());
  }

  private static void properties(BridgeProcess bridge, String... lines) throws IOException {
    Files.writeString(
        bridge.directory().resolve("application.properties"), String.join("\n", lines) + "\n");
  }

  private static String topic(String ofSerial) {
    return "homeassistant/device/dehne_evse_%s/config".formatted(ofSerial.toLowerCase(Locale.ROOT));
  }

  static BridgeProcess.Builder everything(BridgeProcess.Builder bridge) {
    for (int phase = 1; phase <= 3; phase++) {
      bridge.property("sensors.current_l" + phase, "0,1,1");
      bridge.property("sensors.voltage_l" + phase, "0,1,1");
    }
    return bridge
        .property("homeassistant.discovery", "true")
        .property("control.mode", "on")
        .property("control.max_amps", "16");
  }
}
