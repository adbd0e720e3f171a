package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** The state of a charger is right whichever bridge is there to tell of it. */
@RequiresMosquitto
class OrphanedChargersIT {

  private static final String ROOT = MqttProbe.MESSAGE_TOPIC;
  private static final int VOLT_9 = 1;
  private static final int VOLT_6 = 2;

  /** Chargers of a bridge that has gone have 20 s to come back. */
  private static final Duration RETURN = Duration.ofSeconds(60);

  private final String serial = Serials.next();
  private final String controlled = Serials.next();

  private BridgeProcess.Builder bridge(Mosquitto mosquitto, String name) {
    return BridgeProcess.connectingTo(mosquitto)
        .property("bridge.name", name)
        .property("evse.idle_timeout", "1h")
        // 230 V and 3 200 A: that energy can be seen within seconds.
        .property("sensors.voltage_l1", "0,100,1")
        .property("sensors.current_l1", "0,1000,1")
        .property("control.id_" + controlled + ".mode", "on")
        .property("control.id_" + controlled + ".max_amps", "16");
  }

  private static Predicate<Message> state(String clientId, Predicate<JsonNode> wanted) {
    return onTopic(ROOT + "/" + clientId + "/state").and(each -> wanted.test(each.json()));
  }

  private static Predicate<Message> away(String clientId) {
    return state(clientId, state -> !state.path("connected").asBoolean(true));
  }

  private static Predicate<Message> availability(String who, String said) {
    return onTopic(ROOT + "/" + who + "/availability").and(each -> each.text().equals(said));
  }

  @Test
  void anotherBridgeTellsOfTheChargersOfOneThatIsGone() {
    ChargerReading reading =
        ChargerReading.typical()
            .millivolts(2300, 2300, 2300)
            .milliamps(3200, 3200, 3200)
            .pwmPercent(53)
            .pilotVoltage(VOLT_6)
            .contactor(1);
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess first = bridge(mosquitto, "a").start();
        BridgeProcess second = bridge(mosquitto, "b").start()) {
      first.awaitListening();
      second.awaitListening();
      RawCharger raw = RawCharger.connect(first.port()).answerLikeFirmware(reading, 9);
      raw.hello(serial, 9);
      RawCharger other = RawCharger.connect(first.port()).answerLikeFirmware();
      other.hello(controlled, 9);
      probe.take(message("new_connection", serial));
      probe.take(message("new_connection", controlled));
      set(probe, "limit_amps", "10");
      probe.take(state(controlled, state -> state.path("limit_amps").asDouble() == 10));
      final JsonNode last = charge(probe, 0);
      first.kill();
      raw.close();
      other.close();
      probe.take(availability("bridge/a", "offline"));

      JsonNode told = probe.take(away(serial), RETURN).json();
      assertEquals("F", told.path("status").asText());
      assertEquals("offline", told.path("why").asText());
      assertTrue(told.path("contactor_state").isNull(), told::toString);
      assertTrue(told.path("power_watts").isNull(), told::toString);
      assertTrue(
          told.path("energy_kwh").asDouble() >= last.path("energy_kwh").asDouble(), told::toString);
      for (String same : List.of("session_start", "firmware_version", "serial")) {
        assertEquals(last.path(same), told.path(same), same);
      }
      assertTrue(told.path("time").isTextual(), told::toString);
      probe.take(availability(serial, "offline"));
      probe.take(away(controlled).and(each -> each.json().path("limit_amps").asDouble() == 10));

      // The one that tells of it keeps its set-points as well.
      set(probe, "limit_amps", "12");
      probe.take(away(controlled).and(each -> each.json().path("limit_amps").asDouble() == 12));
      assertEquals(List.of(), probe.untaken(errorOf(controlled)));

      // The one that had it says nothing of it any more.
      probe.forget();
      first.start().awaitListening();
      try (MqttProbe later = MqttProbe.connect(mosquitto)) {
        Message stored = later.take(away(serial));
        assertEquals(told, stored.json());
        assertNull(stored.properties().getMessageExpiryInterval());
      }

      try (RawCharger back = RawCharger.connect(first.port()).answerLikeFirmware(reading, 9);
          RawCharger otherBack = RawCharger.connect(first.port()).answerLikeFirmware()) {
        back.hello(serial, 9);
        otherBack.hello(controlled, 9);
        probe.take(message("new_connection", serial));
        probe.take(message("new_connection", controlled));
        double before = told.path("energy_kwh").asDouble();
        assertTrue(charge(probe, before).path("energy_kwh").asDouble() > before);
        probe.take(
            state(
                controlled,
                state ->
                    state.path("connected").asBoolean()
                        && state.path("limit_amps").asDouble() == 12));
        assertTrue(back.isOpen() && otherBack.isOpen());
      }
      double most = 0;
      for (Message each : probe.untaken(state(serial, state -> true))) {
        double now = each.json().path("energy_kwh").asDouble();
        assertTrue(now >= most, each::toString);
        most = now;
      }
    }
  }

  private void set(MqttProbe probe, String what, String value) {
    probe.publish(
        MqttProbe.REQUEST_TOPIC + "/" + controlled + "/set/" + what, value.getBytes(UTF_8));
  }

  /** Reads a charging charger until its energy is above a number. */
  private JsonNode charge(MqttProbe probe, double above) {
    Predicate<Message> risen = state(serial, state -> state.path("energy_kwh").asDouble() > above);
    Patience.until(
        "energy rises above " + above,
        () -> {
          probe.request(Messages.collect(serial));
          probe.take(message("response_collect_data", serial));
          return !probe.untaken(risen).isEmpty();
        });
    return probe.untaken(risen).get(0).json();
  }

  @Test
  void whatABridgeThatKnowsNoBetterSaysOfAChargerIsPutRight() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = bridge(mosquitto, "a").start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port())
                .answerLikeFirmware(ChargerReading.typical().pilotVoltage(VOLT_9), 9)
                .hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      probe.request(Messages.collect(serial));
      Message said = probe.take(state(serial, state -> !state.path("time").isNull()));
      assertFalse(said.json().path("status").asText().isEmpty());
      probe.forget();
      for (String wrong : List.of("{\"connected\":false}", "")) {
        probe.publishRetained(ROOT + "/" + serial + "/state", wrong.getBytes(UTF_8));
        probe.take(state(serial, state -> state.path("connected").asBoolean()));
      }
      assertTrue(charger.isOpen());
    }
  }
}
