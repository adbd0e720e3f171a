package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.docs.MarkdownFile;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The access rules of docs/deployment.md let everybody do what is said there, and no more. */
@RequiresMosquitto
class AccessRulesIT {
  /** A charger that the bridge has announced once, and does not know any more. */
  private static final String STALE =
      "{\"origin\":{\"name\":\"evse-mqtt-bridge\"},"
          + "\"device\":{\"via_device\":\"dehneevse_mqtt_bridge\"}}";

  @Test
  void letTheControllerCommandAndTheViewerLookOn() {
    String serial = Serials.next();
    try (Mosquitto mosquitto =
            Mosquitto.builder()
                .user("evse-bridge", "b")
                .user("controller", "c")
                .user("viewer", "v")
                .acl(documentedRules())
                .start();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_USERNAME", "evse-bridge")
                .environment("MQTT_PASSWORD", "b")
                .start()
                .awaitListening();
        MqttProbe controller = probe(mosquitto, "controller", "c");
        MqttProbe viewer = probe(mosquitto, "viewer", "v");
        RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      charger.answerLikeFirmware();
      assertEquals("online", viewer.take(onTopic("from_dehneEVSE/bridge/availability")).text());
      viewer.take(message("new_connection", serial));

      for (String user : List.of("viewer", "controller")) {
        tryToPublish(mosquitto, user, "from_dehneEVSE/error", "not an error");
      }
      tryToPublish(
          mosquitto, "viewer", MqttProbe.REQUEST_TOPIC, Messages.setContactor(serial, true));
      controller.request(Messages.ping(serial), "from_dehneEVSE/replies/controller", "1");

      assertEquals(
          "response_ping",
          controller.take(onTopic("from_dehneEVSE/replies/controller")).field("message_type"));
      viewer.take(message("response_ping", serial));
      String availability = "from_dehneEVSE/" + serial + "/availability";
      assertEquals("online", viewer.take(onTopic(availability)).text());
      assertEquals(WireFrame.ping(), charger.takeFrame());
      assertEquals(List.of(), charger.untakenFrames());
      assertEquals(List.of(), controller.untaken(MqttProbe.error()));
      assertTrue(bridge.isRunning());
    }
  }

  /** With a connection of its own: the client library ends one on which it was refused. */
  private static void tryToPublish(Mosquitto mosquitto, String user, String topic, String text) {
    try (MqttProbe probe = probe(mosquitto, user, user.substring(0, 1))) {
      probe.tryToPublish(topic, text.getBytes(UTF_8));
    }
  }

  private static MqttProbe probe(Mosquitto mosquitto, String user, String password) {
    return MqttProbe.builder(mosquitto.url())
        .user(user, password)
        .subscribingTo("from_dehneEVSE/#")
        .connect();
  }

  @Test
  void letHomeAssistantSeeTheChargersAndCommandThem() {
    String serial = Serials.next();
    String discovery = discovery(serial);
    try (Mosquitto mosquitto =
            Mosquitto.builder()
                .user("evse-bridge", "b")
                .user("home-assistant", "h")
                .acl(documentedRules() + rules("docs/home-assistant.md", "Access rules"))
                .start();
        MqttProbe homeAssistant =
            MqttProbe.builder(mosquitto.url())
                .user("home-assistant", "h")
                .subscribingTo("from_dehneEVSE/#")
                .subscribingTo("homeassistant/#")
                .connect();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_USERNAME", "evse-bridge")
                .environment("MQTT_PASSWORD", "b")
                .property("homeassistant.discovery", "true")
                .property("control.mode", "on")
                .property("control.max_amps", "16")
                .start()) {
      String stale = discovery(Serials.next());
      homeAssistant.publishRetained(stale, STALE.getBytes(UTF_8));
      bridge.awaitListening();
      RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9).answerLikeFirmware();
      homeAssistant.take(onTopic(discovery));
      homeAssistant.take(onTopic(stale).and(each -> each.payload().length == 0));

      homeAssistant.publish("homeassistant/status", "online".getBytes(UTF_8));
      homeAssistant.take(onTopic(discovery));
      homeAssistant.publish("to_dehneEVSE/" + serial + "/set/limit_amps", "7".getBytes(UTF_8));
      homeAssistant.take(
          onTopic("from_dehneEVSE/" + serial + "/state")
              .and(state -> state.json().path("limit_amps").asDouble() == 7));
      charger.close();
    }
  }

  private static String discovery(String serial) {
    return "homeassistant/device/dehne_evse_%s/config".formatted(serial.toLowerCase(Locale.ROOT));
  }

  private static String documentedRules() {
    return rules("docs/deployment.md", "Access rules at the broker");
  }

  private static String rules(String page, String section) {
    return MarkdownFile.of(page).lines().stream()
        .filter(line -> line.section().equals(section))
        .map(MarkdownFile.Line::text)
        .filter(text -> text.startsWith("    user ") || text.startsWith("    topic "))
        .map(String::strip)
        .collect(Collectors.joining("\n", "", "\n"));
  }
}
