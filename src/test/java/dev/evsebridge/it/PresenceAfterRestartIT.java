package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The retained availability tells the truth again after every end of the bridge or the broker. */
@RequiresMosquitto
class PresenceAfterRestartIT {
  private static final String BRIDGE = "from_dehneEVSE/bridge/availability";

  private final String serial = Serials.next();

  @Test
  void theBridgeAndItsChargersAreOfflineAfterACleanStop() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port())
                .hello(serial, 9)
                .send(WireFrame.of(WireFrame.NOTIFY))) {
      assertAnnounced("online", probe, BRIDGE);
      assertAnnounced("online", probe, charger(serial));
      int unused = bridge.stop();
      charger.awaitClosed();
      assertAnnounced("offline", probe, charger(serial));
      assertAnnounced("offline", probe, BRIDGE);
      assertEquals("offline", retained(mosquitto, BRIDGE));
      assertEquals("offline", retained(mosquitto, charger(serial)));
    }
  }

  @Test
  void aCrashLeavesNobodyOnlineForLongerThanTheRestartTakes() {
    String goneSerial = Serials.next();
    String goneUnseen = Serials.next();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening()) {
      assertAnnounced("online", probe, BRIDGE);
      for (String each : List.of(serial, goneSerial, goneUnseen)) {
        RawCharger charger =
            RawCharger.connect(bridge.port()).hello(each, 9).send(WireFrame.of(WireFrame.NOTIFY));
        assertAnnounced("online", probe, charger(each));
        if (each.equals(goneUnseen)) {
          charger.close();
        }
      }
      bridge.kill();
      assertAnnounced("offline", probe, BRIDGE);
      assertEquals("offline", retained(mosquitto, BRIDGE));

      bridge.start().awaitListening();
      assertAnnounced("online", probe, BRIDGE);
      assertAnnounced("offline", probe, charger(goneSerial));
      assertAnnounced("offline", probe, charger(goneUnseen));
      assertAnnounced("offline", probe, charger(serial));
      try (RawCharger back =
          RawCharger.connect(bridge.port()).hello(serial, 9).send(WireFrame.of(WireFrame.NOTIFY))) {
        assertAnnounced("online", probe, charger(serial));
        assertTrue(back.isOpen());
        assertEquals("online", retained(mosquitto, charger(serial)));
        assertEquals("offline", retained(mosquitto, charger(goneSerial)));
      }
    }
  }

  @Test
  void aBrokerThatHasForgottenEverythingIsToldAgain() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port())
                .hello(serial, 9)
                .send(WireFrame.of(WireFrame.NOTIFY))) {
      assertEquals("online", retained(mosquitto, charger(serial)));
      for (int restart = 0; restart < 2; restart++) {
        mosquitto.kill();
        mosquitto.start();
        assertEquals("online", retained(mosquitto, BRIDGE));
        assertEquals("online", retained(mosquitto, charger(serial)));
      }
      assertTrue(charger.isOpen());
    }
  }

  @Test
  void aChargerThatLeftWhileTheBrokerWasAwayIsOffline() {
    try (Mosquitto mosquitto = Mosquitto.builder().persistent().start();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port())
                .hello(serial, 9)
                .send(WireFrame.of(WireFrame.NOTIFY))) {
      assertEquals("online", retained(mosquitto, charger(serial)));
      mosquitto.stop();
      charger.reset();
      mosquitto.start();
      try (MqttProbe probe = MqttProbe.connect(mosquitto)) {
        probe.take(onTopic(charger(serial)).and(each -> each.text().equals("offline")));
      }
    }
  }

  @Test
  void twoAccessRulesAreEnough() {
    String rules =
        """
        user bridge
        topic write from_dehneEVSE/#
        topic read to_dehneEVSE/#
        user watcher
        topic readwrite #
        """;
    try (Mosquitto mosquitto =
            Mosquitto.builder().user("bridge", "b").user("watcher", "w").acl(rules).start();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe =
            MqttProbe.builder(mosquitto.url())
                .user("watcher", "w")
                .subscribingTo("from_dehneEVSE/#")
                .connect();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(cable.url())
                .environment("MQTT_USERNAME", "bridge")
                .environment("MQTT_PASSWORD", "b")
                .start()
                .awaitListening()) {
      assertAnnounced("online", probe, BRIDGE);
      try (RawCharger charger =
          RawCharger.connect(bridge.port())
              .answerLikeFirmware()
              .hello(serial, 9)
              .send(WireFrame.of(WireFrame.NOTIFY))) {
        probe.take(message("new_connection", serial));
        assertAnnounced("online", probe, charger(serial));
        probe.request(Messages.collect(serial));
        probe.take(message("response_collect_data", serial));
        probe.request(Messages.setPwm(serial, 101));
        probe.take(errorOf(serial));
        assertTrue(charger.isOpen());
      }
      assertAnnounced("offline", probe, charger(serial));
      int unused = bridge.stop();
      assertAnnounced("offline", probe, BRIDGE);

      Set<String> read = new HashSet<>(cable.subscribed());
      assertTrue(read.remove("to_dehneEVSE"));
      read.removeIf(topic -> topic.startsWith("to_dehneEVSE/"));
      assertEquals(Set.of(), read);
      Set<String> written = new HashSet<>(cable.publishedTo());
      written.removeIf(
          topic -> topic.equals("from_dehneEVSE") || topic.startsWith("from_dehneEVSE/"));
      assertEquals(Set.of(), written);
    }
  }

  private static String charger(String clientId) {
    return "from_dehneEVSE/" + clientId + "/availability";
  }

  private static void assertAnnounced(String state, MqttProbe probe, String topic) {
    Message message = probe.take(onTopic(topic));
    assertEquals(state, message.text());
    assertEquals(1, message.qos());
  }

  /** What somebody hears who comes later. */
  private static String retained(Mosquitto mosquitto, String topic) {
    try (MqttProbe later = MqttProbe.builder(mosquitto.url()).subscribingTo(topic).connect()) {
      return later.take(onTopic(topic)).text();
    }
  }
}
