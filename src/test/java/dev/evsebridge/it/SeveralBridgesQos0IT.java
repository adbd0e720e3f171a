package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.races.Races;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Several bridges that send and receive with QoS 0. */
@RequiresMosquitto
class SeveralBridgesQos0IT {

  private final String serial = Serials.next();

  private static BridgeProcess.Builder bridge(Mosquitto mosquitto, String name) {
    return BridgeProcess.connectingTo(mosquitto)
        .property("bridge.name", name)
        .property("mqtt.qos", "0");
  }

  private RawCharger connect(MqttProbe probe, BridgeProcess bridge) {
    RawCharger charger = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9);
    assertEquals(0, probe.take(message("new_connection", serial)).qos());
    return charger;
  }

  @Test
  void aChargerIsServedByTheBridgeThatHasItWhereverItGoes() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess first = bridge(mosquitto, "one").start();
        BridgeProcess second = bridge(mosquitto, "two").start()) {
      first.awaitListening();
      second.awaitListening();
      probe.request(Messages.ping(serial));
      assertEquals("not_connected", probe.take(errorOf(serial)).field("error"));
      probe.request("{");
      probe.take(MqttProbe.error());
      try (RawCharger charger = connect(probe, first)) {
        ask(probe);
        try (RawCharger moved = connect(probe, second)) {
          charger.awaitClosed();
          for (int i = 0; i < 20; i++) {
            ask(probe);
          }
          assertTrue(moved.isOpen());
          second.kill();
        }
      }
      probe.take(
          onTopic(MqttProbe.MESSAGE_TOPIC + "/bridge/two/availability")
              .and(each -> each.text().equals("offline")));
      probe.request(Messages.ping(serial));
      assertEquals("not_connected", probe.take(errorOf(serial)).field("error"));
      try (RawCharger charger = connect(probe, first)) {
        ask(probe);
        assertTrue(charger.isOpen());
      }
      assertEquals(List.of(), probe.untaken(MqttProbe.error()));
    }
  }

  /** Asks for a ping, and makes sure that it comes once. */
  private void ask(MqttProbe probe) {
    Predicate<Message> response = message("response_ping", serial);
    probe.request(Messages.ping(serial));
    probe.take(response);
    // A second one would have come before the outcome of this.
    String other = Serials.next();
    probe.request(Messages.ping(other));
    assertEquals("not_connected", probe.take(errorOf(other)).field("error"));
    assertEquals(List.of(), probe.untaken(response));
  }

  @Test
  void eachRequestHasOneOutcomeInOrderWhileChargersMove() {
    try (Races races = new Races(3, false, "mqtt.qos=0")) {
      Races.Figures figures = races.run(Races.Fault.NONE, 20, 100, Duration.ofSeconds(6));
      assertEquals(figures.requests(), figures.exactlyOne(), figures::toString);
      assertEquals(0, figures.outOfOrder(), figures::toString);
    }
  }
}
