package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.VisibleEnergy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What a charger's bridge knows of it follows the charger to its next bridge. */
@RequiresMosquitto
class SeveralBridgesStateIT {
  private static final int VOLT_12 = 0;
  private static final int VOLT_9 = 1;
  private static final int VOLT_6 = 2;

  /** Energy is published to that, in kWh. */
  private static final double KWH_STEP = 0.001;

  private final String serial = Serials.next();
  private final ChargerReading reading = VisibleEnergy.reading();

  private static BridgeProcess.Builder bridge(Mosquitto mosquitto, String name) {
    return BridgeProcess.connectingTo(mosquitto).property("bridge.name", name);
  }

  private static BridgeProcess.Builder calibrated(Mosquitto mosquitto, String name) {
    return VisibleEnergy.calibrated(bridge(mosquitto, name));
  }

  private static BridgeProcess.Builder controlled(Mosquitto mosquitto, String name) {
    return bridge(mosquitto, name)
        .property("control.mode", "on")
        .property("control.max_amps", "16");
  }

  @Test
  void energyNeitherFallsNorCountsTwiceWhenAChargerMoves() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        MqttProbe all = MqttProbe.builder(mosquitto.url()).subscribingTo(topic("state")).connect();
        BridgeProcess first = calibrated(mosquitto, "one").start();
        BridgeProcess second = calibrated(mosquitto, "two").start()) {
      first.awaitListening();
      second.awaitListening();
      double before;
      double total;
      try (RawCharger charger = connect(probe, first)) {
        charge(probe, 0);
        before = endSession(probe).path("energy_kwh_end").asDouble();
        assertTrue(charger.isOpen());
      }
      // Nothing is used meanwhile.
      for (BridgeProcess next : List.of(second, first)) {
        try (RawCharger charger = connect(probe, next)) {
          collect(probe, VOLT_12, 0);
          assertEquals(
              before, energy(state(probe, state -> state.path("status").asText().equals("A"))));
          assertTrue(charger.isOpen());
        }
      }
      try (RawCharger charger = connect(probe, second)) {
        collect(probe, VOLT_9, 0);
        JsonNode plugged = state(probe, state -> state.path("vehicle").asBoolean());
        assertEquals(before, energy(plugged));
        charge(probe, before);
        assertTrue(charger.isOpen());

        // The first bridge remembers less than there is now, and nothing of this session.
        try (RawCharger back = connect(probe, first)) {
          charge(probe, before);
          JsonNode session = endSession(probe);
          assertEquals(plugged.path("session_start"), session.path("session_start"));
          assertEquals(before, session.path("energy_kwh_start").asDouble(), KWH_STEP);
          total = session.path("energy_kwh_end").asDouble();
          assertEquals(total - before, session.path("session_kwh").asDouble(), 2 * KWH_STEP);
          assertTrue(back.isOpen());
          first.kill();
        }
      }
      try (RawCharger charger = connect(probe, second)) {
        collect(probe, VOLT_9, 0);
        // It has counted on itself, after what it has published last, while it had the charger.
        double now = energy(state(probe, state -> state.path("vehicle").asBoolean()));
        assertTrue(now >= total, () -> now + " after " + total);
        assertTrue(charger.isOpen());
      }
      List<Double> said =
          all.untaken(each -> each.json().path("energy_kwh").isNumber()).stream()
              .map(each -> energy(each.json()))
              .toList();
      assertEquals(said.stream().sorted().toList(), said);
    }
  }

  /** Connects, and forgets the states of the time before. */
  private RawCharger connect(MqttProbe probe, BridgeProcess bridge) {
    RawCharger charger =
        RawCharger.connect(bridge.port()).answerLikeFirmware(reading, 9).hello(serial, 9);
    Message connected = probe.take(message("new_connection", serial));
    Predicate<Message> old =
        onTopic(topic("state")).and(each -> each.number() < connected.number());
    probe.untaken(old).forEach(each -> probe.take(old));
    return charger;
  }

  private void charge(MqttProbe probe, double above) {
    collect(probe, VOLT_9, 0);
    Patience.until(
        "energy rises above " + above,
        () -> {
          collect(probe, VOLT_6, 1);
          return probe.untaken(onTopic(topic("state"))).stream()
              .anyMatch(each -> energy(each.json()) > above);
        });
  }

  /** What was said of it, when the state has said the same. */
  private JsonNode endSession(MqttProbe probe) {
    collect(probe, VOLT_9, 0);
    collect(probe, VOLT_12, 0);
    JsonNode session = probe.take(onTopic(topic("session"))).json();
    JsonNode unused =
        state(
            probe,
            state ->
                state.path("session_end").isTextual()
                    && state.path("energy_kwh").equals(session.path("energy_kwh_end")));
    return session;
  }

  private static double energy(JsonNode state) {
    return state.path("energy_kwh").asDouble();
  }

  private void collect(MqttProbe probe, int pilot, int contactor) {
    reading.pilotVoltage(pilot).contactor(contactor);
    probe.request(Messages.collect(serial));
    probe.take(message("response_collect_data", serial));
  }

  @Test
  void setPointsStayWhenAChargerMoves() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess first = controlled(mosquitto, "one").start();
        BridgeProcess second = controlled(mosquitto, "two").start()) {
      first.awaitListening();
      second.awaitListening();
      try (RawCharger charger = connect(probe, first)) {
        set(probe, "{\"enabled\":true,\"limit_amps\":10}");
        state(probe, hasSetPoints(true, 10));
        assertTrue(charger.isOpen());

        try (RawCharger moved = connect(probe, second)) {
          assertFollowed(probe, moved, hasSetPoints(true, 10));
          set(probe, "{\"limit_amps\":8}");
          state(probe, hasSetPoints(true, 8));

          // The first bridge remembers others.
          try (RawCharger back = connect(probe, first)) {
            assertFollowed(probe, back, hasSetPoints(true, 8));
            set(probe, "{\"enabled\":false}");
            state(probe, hasSetPoints(false, 8));
            first.kill();
          }
        }
      }
      try (RawCharger charger = connect(probe, second)) {
        assertFollowed(probe, charger, hasSetPoints(false, 8));
      }
    }
  }

  private void set(MqttProbe probe, String json) {
    probe.publish(
        "%s/%s/set".formatted(MqttProbe.REQUEST_TOPIC, serial),
        json.getBytes(StandardCharsets.UTF_8));
  }

  private static Predicate<JsonNode> hasSetPoints(boolean enabled, double limitAmps) {
    return state ->
        state.path("enabled").isBoolean()
            && state.path("enabled").asBoolean() == enabled
            && state.path("limit_amps").asDouble() == limitAmps;
  }

  /** No state since the charger has connected says anything else. */
  private void assertFollowed(MqttProbe probe, RawCharger charger, Predicate<JsonNode> wanted) {
    JsonNode unused = state(probe, wanted.and(state -> state.path("pilot_voltage").isTextual()));
    List<Message> others =
        probe.untaken(onTopic(topic("state")).and(each -> !wanted.test(each.json())));
    assertEquals(List.of(), others, () -> others.get(0).text());
    assertTrue(charger.isOpen());
    assertFalse(probe.untaken(onTopic(topic("availability"))).stream().anyMatch(this::isOffline));
  }

  private boolean isOffline(Message availability) {
    return availability.text().equals("offline");
  }

  private JsonNode state(MqttProbe probe, Predicate<JsonNode> wanted) {
    return probe.take(onTopic(topic("state")).and(each -> wanted.test(each.json()))).json();
  }

  private String topic(String name) {
    return "%s/%s/%s".formatted(MqttProbe.MESSAGE_TOPIC, serial, name);
  }
}
