package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who reads online at the broker is there, and who is not there reads offline. */
@RequiresMosquitto
class PresenceIT {
  private static final String BRIDGE = "from_dehneEVSE/bridge/availability";

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  @Test
  void aChargerIsOnlineWhileItIsConnected() {
    RawCharger charger = installation.charger(serial);
    assertAnnounced("online", installation.probe(), charger(serial));
    assertEquals("online", retained(installation.mosquitto(), charger(serial)));
    charger.close();
    assertAnnounced("offline", installation.probe(), charger(serial));
    assertEquals("offline", retained(installation.mosquitto(), charger(serial)));
  }

  @Test
  void aChargerThatReplacesItsOldConnectionWasNeverOffline() {
    RawCharger first = installation.charger(serial);
    RawCharger second = installation.charger(serial);
    first.awaitClosed();
    first.close();
    RawCharger third = installation.charger(serial);
    second.awaitClosed();
    third.close();
    assertEquals(List.of("online", "offline"), statesUntilOffline());
  }

  @Test
  void aChargerThatIsBackWithinASecondWasNeverOffline() {
    for (int i = 0; i < 5; i++) {
      RawCharger charger = installation.charger(serial);
      if (i % 2 == 0) {
        charger.close();
      } else {
        charger.reset();
      }
    }
    assertEquals(List.of("online", "offline"), statesUntilOffline());
  }

  private List<String> statesUntilOffline() {
    MqttProbe probe = installation.probe();
    Message online = probe.take(onTopic(charger(serial)));
    Message next = probe.take(onTopic(charger(serial)));
    assertEquals(List.of(), probe.untaken(onTopic(charger(serial))));
    return List.of(online.text(), next.text());
  }

  /** With a broker and a bridge that end in the course of the test. */
  @Nested
  class AfterTheEnd {
    @Test
    void theBridgeAndItsChargersAreOfflineAfterACleanStop() {
      try (Mosquitto mosquitto = Mosquitto.started();
          MqttProbe probe = MqttProbe.connect(mosquitto);
          BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
          RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
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
          RawCharger charger = RawCharger.connect(bridge.port()).hello(each, 9);
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
        try (RawCharger back = RawCharger.connect(bridge.port()).hello(serial, 9)) {
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
          RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
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
          RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
        assertEquals("online", retained(mosquitto, charger(serial)));
        mosquitto.stop();
        charger.close();
        mosquitto.start();
        try (MqttProbe probe = MqttProbe.connect(mosquitto)) {
          probe.take(onTopic(charger(serial)).and(each -> each.text().equals("offline")));
        }
      }
    }

    @Test
    void twoAccessRulesAreEnough() {
      String rules =
          "user bridge\n"
              + "topic write from_dehneEVSE/#\n"
              + "topic read to_dehneEVSE/#\n"
              + "user watcher\n"
              + "topic readwrite #\n";
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
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
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

        assertEquals(Set.of("to_dehneEVSE"), new HashSet<>(cable.subscribed()));
        Set<String> written = new HashSet<>(cable.publishedTo());
        written.removeIf(
            topic -> topic.equals("from_dehneEVSE") || topic.startsWith("from_dehneEVSE/"));
        assertEquals(Set.of(), written);
      }
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
