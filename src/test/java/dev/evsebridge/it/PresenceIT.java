package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who reads online at the broker is there, and who is not there reads offline. */
@RequiresMosquitto
class PresenceIT {
  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  @Test
  void aChargerIsOnlineWhileItIsConnected() {
    RawCharger charger = installation.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
    assertAnnounced("online", installation.probe(), charger(serial));
    assertEquals("online", retained(installation.mosquitto(), charger(serial)));
    charger.close();
    assertAnnounced("offline", installation.probe(), charger(serial));
    assertEquals("offline", retained(installation.mosquitto(), charger(serial)));
  }

  @Test
  void aChargerThatReplacesItsOldConnectionWasNeverOffline() {
    RawCharger first = proven();
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
      RawCharger charger = proven();
      if (i % 2 == 0) {
        charger.close();
      } else {
        charger.reset();
      }
    }
    assertEquals(List.of("online", "offline"), statesUntilOffline());
  }

  @Test
  void whatHasOnlySaidAHelloLeavesNothingRetained() {
    RawCharger charger = installation.charger(serial);
    charger.close();
    RawCharger broken = installation.charger(serial).send(WireFrame.of(77));
    broken.awaitClosed();
    MqttProbe probe = installation.probe();
    assertEquals("protocol_error", probe.take(MqttProbe.errorOf(serial)).field("error"));
    String other = Serials.next();
    installation.charger(other).send(WireFrame.of(WireFrame.NOTIFY)).close();
    assertAnnounced("online", probe, charger(other));
    assertAnnounced("offline", probe, charger(other));
    assertEquals(List.of(), probe.untaken(onTopic(charger(serial))));
  }

  @Test
  void aChargerThatWasSeenBeforeIsOnlineFromItsHelloOn() {
    proven().close();
    assertAnnounced("online", installation.probe(), charger(serial));
    assertAnnounced("offline", installation.probe(), charger(serial));
    installation.charger(serial);
    assertAnnounced("online", installation.probe(), charger(serial));
  }

  /** A charger that has sent a valid frame, and is known as one from then on. */
  private RawCharger proven() {
    RawCharger charger = installation.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
    installation.probe().take(MqttProbe.message("notify", serial));
    return charger;
  }

  private List<String> statesUntilOffline() {
    MqttProbe probe = installation.probe();
    Message online = probe.take(onTopic(charger(serial)));
    Message next = probe.take(onTopic(charger(serial)));
    assertEquals(List.of(), probe.untaken(onTopic(charger(serial))));
    return List.of(online.text(), next.text());
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
