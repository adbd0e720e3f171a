package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Energy and sessions outlive the bridge, however it ends. */
@RequiresMosquitto
class EnergyIT {
  private static final int VOLT_12 = 0;
  private static final int VOLT_9 = 1;
  private static final int VOLT_6 = 2;

  private final String serial = Serials.next();
  private final ChargerReading reading = VisibleEnergy.reading();

  private static BridgeProcess.Builder calibrated(Mosquitto mosquitto) {
    return VisibleEnergy.calibrated(BridgeProcess.connectingTo(mosquitto));
  }

  @Test
  void neverFallsThoughTheBridgeIsKilledAndEndsTheSessionAfterwards() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = calibrated(mosquitto).start().awaitListening()) {
      JsonNode plugged;
      double counted;
      try (RawCharger charger = charger(bridge)) {
        probe.take(message("new_connection", serial));
        collect(probe, VOLT_12, 0);
        collect(probe, VOLT_9, 0);
        plugged = state(probe, state -> state.path("session_start").isTextual());
        assertEquals("B", plugged.path("status").asText());
        counted = charge(probe, 0).path("energy_kwh").asDouble();
        assertTrue(charger.isOpen());
        bridge.kill();
      }

      bridge.start().awaitListening();
      JsonNode away = state(probe, state -> !state.path("connected").asBoolean());
      assertTrue(away.path("energy_kwh").asDouble() >= counted, away::toString);
      assertEquals(plugged.path("session_start"), away.path("session_start"));
      assertEquals("F", away.path("status").asText());
      probe.take(onTopic(topic("availability")).and(each -> each.text().equals("offline")));

      try (RawCharger charger = charger(bridge)) {
        probe.take(message("new_connection", serial));
        JsonNode more = charge(probe, away.path("energy_kwh").asDouble());
        assertEquals(plugged.path("session_start"), more.path("session_start"));
        collect(probe, VOLT_9, 0);
        collect(probe, VOLT_12, 0);
        Message session = probe.take(onTopic(topic("session")));
        assertEquals(1, session.qos());
        assertNull(session.properties().getMessageExpiryInterval());
        JsonNode report = session.json();
        assertEquals(
            "session_start session_end session_kwh charging_seconds energy_kwh_start"
                + " energy_kwh_end energy_gap_seconds end_reason",
            String.join(" ", keys(report)));
        assertEquals("unplugged", report.path("end_reason").asText());
        assertEquals(plugged.path("session_start"), report.path("session_start"));
        assertEquals(0.0, report.path("energy_kwh_start").asDouble());
        assertTrue(report.path("energy_kwh_end").asDouble() >= more.path("energy_kwh").asDouble());
        assertTrue(report.path("energy_gap_seconds").isIntegralNumber());
        JsonNode ended =
            state(
                probe,
                state ->
                    state.path("session_kwh").equals(report.path("session_kwh"))
                        && state.path("session_end").isTextual());
        assertEquals(report.path("energy_kwh_end"), ended.path("energy_kwh"));
        assertEquals(report.path("session_end"), ended.path("session_end"));
        assertTrue(charger.isOpen());
      }
    }
  }

  @Test
  void leavesNothingUnderAFormerNameAndKeepsTheEnergy() throws IOException {
    String topics = "from_dehneEVSE/" + serial + "/";
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = calibrated(mosquitto).start().awaitListening()) {
      double counted;
      try (RawCharger charger = charger(bridge)) {
        probe.take(message("new_connection", serial));
        collect(probe, VOLT_9, 0);
        counted = charge(probe, 0).path("energy_kwh").asDouble();
        collect(probe, VOLT_12, 0);
        probe.take(onTopic(topics + "session"));
        assertTrue(charger.isOpen());
      }
      assertEquals(143, bridge.stop());
      Path properties = bridge.directory().resolve("application.properties");
      Files.writeString(
          properties, Files.readString(properties) + "\nevse_name.id_" + serial + "=Garage\n");
      probe.forget();

      bridge.start().awaitListening();

      Message state = probe.take(onTopic("from_dehneEVSE/Garage/state"));
      assertTrue(state.json().path("energy_kwh").asDouble() >= counted);
      assertEquals(serial, state.json().path("serial").asText());
      probe.take(onTopic("from_dehneEVSE/Garage/session"));
      probe.take(onTopic("from_dehneEVSE/Garage/availability"));
      Patience.until(
          "nothing is left under the serial number", () -> retained(mosquitto, topics).isEmpty());
    }
  }

  @Test
  void leavesNothingUnderAFormerRoot() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = calibrated(mosquitto).start().awaitListening()) {
      try (RawCharger charger = charger(bridge)) {
        probe.take(message("new_connection", serial));
        collect(probe, VOLT_9, 0);
        state(probe, state -> state.path("energy_kwh").isNumber());
        assertTrue(charger.isOpen());
      }
      assertEquals(143, bridge.stop());
      Path properties = bridge.directory().resolve("application.properties");
      Files.writeString(
          properties, Files.readString(properties) + "\nmqtt.topic_publish=elsewhere\n");

      bridge.start().awaitListening();

      Patience.until(
          "the state stands below the new root",
          () -> retained(mosquitto, "elsewhere/").contains("elsewhere/" + serial + "/state"));
      Patience.until(
          "nothing is left under the former root",
          () -> retained(mosquitto, "from_dehneEVSE/").isEmpty());
    }
  }

  @Test
  void doesNotCountAgainFromZeroWhatADamagedFileHasLost() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = calibrated(mosquitto).start().awaitListening()) {
      try (RawCharger charger = charger(bridge)) {
        probe.take(message("new_connection", serial));
        collect(probe, VOLT_9, 0);
        charge(probe, 0);
        assertTrue(charger.isOpen());
      }
      assertEquals(143, bridge.stop());
      Path journal = bridge.directory().resolve("state").resolve("chargers.txt");
      Files.write(journal, "rubbish\n".getBytes(StandardCharsets.UTF_8));
      probe.forget();

      bridge.start().awaitListening();

      try (RawCharger charger = charger(bridge)) {
        probe.take(message("new_connection", serial));
        collect(probe, VOLT_6, 1);
        JsonNode charging = state(probe, state -> state.path("status").asText().equals("C"));
        assertTrue(charging.path("energy_kwh").isNull(), charging::toString);
        assertTrue(charger.isOpen());
      }
    }
  }

  private RawCharger charger(BridgeProcess bridge) {
    return RawCharger.connect(bridge.port()).answerLikeFirmware(reading, 9).hello(serial, 9);
  }

  /** Reads a charging charger until its energy is above a number. */
  private JsonNode charge(MqttProbe probe, double above) {
    List<JsonNode> risen = new ArrayList<>();
    Patience.until(
        "energy rises above " + above,
        () -> {
          collect(probe, VOLT_6, 1);
          for (Message each : probe.untaken(onTopic(topic("state")))) {
            if (each.json().path("energy_kwh").asDouble() > above) {
              risen.add(each.json());
            }
          }
          return !risen.isEmpty();
        });
    return risen.get(risen.size() - 1);
  }

  private void collect(MqttProbe probe, int pilot, int contactor) {
    reading.pilotVoltage(pilot).contactor(contactor);
    probe.request(Messages.collect(serial));
    probe.take(message("response_collect_data", serial));
  }

  private JsonNode state(MqttProbe probe, Predicate<JsonNode> wanted) {
    return probe.take(onTopic(topic("state")).and(each -> wanted.test(each.json()))).json();
  }

  private String topic(String name) {
    return "from_dehneEVSE/" + serial + "/" + name;
  }

  /** The topics below a level that somebody finds who comes now. */
  private static List<String> retained(Mosquitto mosquitto, String below) {
    try (MqttProbe later = MqttProbe.builder(mosquitto.url()).subscribingTo("#").connect()) {
      later.publish("after/all", new byte[0]);
      later.take(onTopic("after/all"));
      return later.untaken(each -> each.topic().startsWith(below)).stream()
          .map(Message::topic)
          .toList();
    }
  }

  private static List<String> keys(JsonNode json) {
    List<String> keys = new ArrayList<>();
    json.fieldNames().forEachRemaining(keys::add);
    return keys;
  }
}
