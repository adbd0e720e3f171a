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
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two bridges with one broker: a client can't tell which of them a charger hangs on. */
@RequiresMosquitto
class SeveralBridgesIT {

  private static final String ROOT = MqttProbe.MESSAGE_TOPIC;

  private static final Mosquitto MOSQUITTO = Mosquitto.builder().build();
  private static final List<BridgeProcess> BRIDGES = new ArrayList<>();

  private final String serial = Serials.next();

  @BeforeAll
  static void start() {
    MOSQUITTO.start();
    BRIDGES.add(bridge("one").start());
    BRIDGES.add(bridge("two").start());
    BRIDGES.forEach(BridgeProcess::awaitListening);
  }

  @AfterAll
  static void stop() {
    BRIDGES.forEach(BridgeProcess::close);
    MOSQUITTO.close();
  }

  private static BridgeProcess.Builder bridge(String name) {
    return BridgeProcess.connectingTo(MOSQUITTO).property("bridge.name", name);
  }

  private RawCharger charger(int bridge) {
    return RawCharger.connect(BRIDGES.get(bridge).port()).answerLikeFirmware().hello(serial, 9);
  }

  private static String availability(String clientId) {
    return ROOT + "/" + clientId + "/availability";
  }

  private static Predicate<Message> outcomeOf(String clientId) {
    return message("response_ping", clientId).or(errorOf(clientId));
  }

  @Test
  void aChargerThatMovesIsServedByItsNewBridgeAndIsNeverOffline() {
    try (MqttProbe probe = MqttProbe.connect(MOSQUITTO);
        RawCharger first = charger(0)) {
      probe.take(message("new_connection", serial));
      ask(probe, "response_ping");
      try (RawCharger second = charger(1)) {
        probe.take(message("new_connection", serial));
        first.awaitClosed();
        for (int i = 0; i < 20; i++) {
          ask(probe, "response_ping");
        }
        assertTrue(second.isOpen());
        try (RawCharger third = charger(0)) {
          probe.take(message("new_connection", serial));
          second.awaitClosed();
          ask(probe, "response_ping");
          assertTrue(third.isOpen());
        }
      }
      List<String> said = new ArrayList<>();
      do {
        said.add(probe.take(onTopic(availability(serial))).text());
      } while (!said.contains("offline"));
      assertEquals(List.of("online", "online", "online", "offline"), said);
      ask(probe, "error");
    }
  }

  /** Asks for a ping, and makes sure that nothing but this comes of it. */
  private void ask(MqttProbe probe, String expected) {
    probe.request(Messages.ping(serial));
    assertEquals(expected, probe.take(outcomeOf(serial)).field("message_type"));
    // Whatever else there were would have come before the outcome of this.
    String other = Serials.next();
    probe.request(Messages.ping(other));
    assertEquals("not_connected", probe.take(outcomeOf(other)).field("error"));
    assertEquals(List.of(), probe.untaken(outcomeOf(serial).or(outcomeOf(other))));
  }

  @Test
  void whatIsBrokenIsAnsweredOnce() {
    try (MqttProbe probe = MqttProbe.connect(MOSQUITTO);
        RawCharger charger = charger(0)) {
      probe.take(message("new_connection", serial));
      for (String broken : List.of("{", "[]", "null", "{\"message_type\":\"request_ping\"}")) {
        probe.request(broken);
      }
      probe.request("{\"message_type\":\"request_dance\",\"client_id\":\"%s\"}".formatted(serial));
      List<String> errors =
          probe.take(5, MqttProbe.error(), Patience.LIMIT).stream()
              .map(error -> error.field("error"))
              .sorted()
              .toList();
      assertEquals(
          List.of(
              "invalid_json",
              "invalid_json",
              "invalid_json",
              "missing_field",
              "unknown_message_type"),
          errors);
      ask(probe, "response_ping");
      assertEquals(List.of(), probe.untaken(MqttProbe.error()));
      assertTrue(charger.isOpen());
    }
  }

  @Test
  void anotherBridgeServesTheChargersOfOneThatDies() {
    try (BridgeProcess third = bridge("three").start().awaitListening();
        MqttProbe probe = MqttProbe.connect(MOSQUITTO)) {
      RawCharger first = RawCharger.connect(third.port()).answerLikeFirmware().hello(serial, 9);
      probe.take(message("new_connection", serial));
      ask(probe, "response_ping");
      third.kill();
      first.close();
      probe.take(said("bridge/three", "offline"));
      ask(probe, "error");
      try (RawCharger second = charger(1)) {
        probe.take(message("new_connection", serial));
        ask(probe, "response_ping");
        assertTrue(second.isOpen());
      }
      List<String> said = new ArrayList<>();
      do {
        said.add(probe.take(onTopic(availability(serial))).text());
      } while (!said.contains("offline"));
      assertEquals(List.of("online", "online", "offline"), said);
    }
  }

  @Test
  void whatAllHaveInCommonIsOnlineUntilTheLastHasGone() {
    try (Mosquitto own = Mosquitto.builder().start();
        MqttProbe probe = MqttProbe.connect(own);
        BridgeProcess first = BridgeProcess.connectingTo(own).property("bridge.name", "a").start();
        BridgeProcess second =
            BridgeProcess.connectingTo(own).property("bridge.name", "b").start()) {
      first.awaitListening();
      second.awaitListening();
      probe.take(said("bridge", "online"));
      first.kill();
      probe.take(said("bridge/a", "offline"));
      // The one that is left holds it now.
      probe.take(said("bridge", "online"));
      assertEquals(List.of(), probe.untaken(said("bridge", "offline")));
      second.kill();
      probe.take(said("bridge", "offline"));
    }
  }

  private static Predicate<Message> said(String who, String what) {
    return onTopic(availability(who)).and(message -> message.text().equals(what));
  }

  @Test
  void eachRequestHasOneOutcomeInOrderWhileChargersMoveAndBridgesDie() {
    try (Races races = new Races(1, false)) {
      Races.Figures moving = races.run(Races.Fault.NONE, 20, 200, Duration.ofSeconds(6));
      assertEquals(moving.requests(), moving.exactlyOne(), moving::toString);
      assertEquals(0, moving.outOfOrder(), moving::toString);
      Races.Figures dying = races.run(Races.Fault.KILL, 20, 100, Duration.ofSeconds(6));
      assertEquals(0, dying.several(), dying::toString);
      assertEquals(0, dying.outOfOrder(), dying::toString);
      // Those that were on their way to a bridge when it died.
      assertTrue(dying.none() < dying.requests() / 20, dying::toString);
    }
  }

  @Test
  void aBridgeWithoutItsBrokerLetsChargersUnderControlGoToo() {
    try (Mosquitto own = Mosquitto.builder().start();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(own)
                .property("bridge.name", "alone")
                .property("bridge.broker_loss_grace", "500ms")
                .property("control.mode", "on")
                .property("control.max_amps", "16")
                .start()
                .awaitListening();
        MqttProbe probe = MqttProbe.connect(own)) {
      RawCharger charger = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9);
      probe.take(message("new_connection", serial));
      own.stop();
      charger.awaitClosed();
      Patience.until("the bridge no longer listens", () -> !bridge.isListening());
      own.start();
      bridge.awaitListening();
    }
  }
}
