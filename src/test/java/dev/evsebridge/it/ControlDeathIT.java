package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever commands with raw requests dies, and the bridge notices. */
@RequiresMosquitto
class ControlDeathIT {
  private static final Duration LIMIT = Duration.ofSeconds(40);
  private static final String TOPIC = "controller/status";

  private Mosquitto mosquitto;
  private MqttProbe probe;
  private @Nullable BridgeProcess bridge;
  private @Nullable Simulator simulator;

  @BeforeEach
  void aBrokerIsThere() {
    mosquitto = Mosquitto.started();
    probe = MqttProbe.connect(mosquitto);
  }

  @AfterEach
  void stop() {
    if (simulator != null) {
      simulator.close();
    }
    if (bridge != null) {
      bridge.close();
    }
    probe.close();
    mosquitto.close();
  }

  @Test
  void opensWhatIsClosedAndGoesOnReadingAndRefusesToClose() {
    say("online");
    start(supervised().property("alive.topic", TOPIC).property("evse.when_control_dies", "open"))
        .awaitListening();
    SimulatedCharger charger = charging();

    say("offline");
    until("the contactor is open", () -> !charger.isContactorClosed());

    assertEquals(0, charger.openingsUnderLoad());
    assertEquals(100, charger.dutyCyclePercent());
    assertTrue(charger.isConnected());
    assertEquals("stopped", takeAction(charger.serial()).field("action"));
    probe.forget();
    probe.take(2, MqttProbe.message("response_collect_data", charger.serial()), LIMIT);
    probe.request(Messages.setContactor(charger.serial(), true));
    assertEquals("interlock", probe.take(MqttProbe.errorOf(charger.serial())).field("error"));

    say("online");
    setPwm(charger.serial());
    close(charger);
  }

  @Test
  void letsChargersGoAndTakesThemInAgain() {
    BridgeProcess running = start(supervised().property("alive.topic", TOPIC));
    probe.take(MqttProbe.onTopic(MqttProbe.MESSAGE_TOPIC + "/bridge/availability"));
    assertFalse(running.isListening(), "what is not known is not alive");

    say("online");
    running.awaitListening(LIMIT);
    SimulatedCharger charger = charging();
    probe.forget();
    probe.take(2, MqttProbe.message("response_collect_data", charger.serial()), LIMIT);
    say("offline");
    until("it is disconnected", () -> !charger.isConnected());
    until("the port is closed", () -> !running.isListening());
    assertTrue(charger.isContactorClosed(), "the charger's own fail-safe acts");

    say("online");
    until("it is connected again", charger::isConnected);
  }

  @Test
  void opensFirstWhereTheInterlockIsOn() {
    say("online");
    BridgeProcess running =
        start(supervised().property("alive.topic", TOPIC).property("evse.interlock", "on"))
            .awaitListening();
    SimulatedCharger charger = charging();

    say("offline");
    until("it is disconnected", () -> !charger.isConnected());

    assertFalse(charger.isContactorClosed());
    assertEquals(0, charger.openingsUnderLoad());
    until("the port is closed", () -> !running.isListening());
  }

  @Test
  void takesSilenceForDeath() {
    start(supervised().property("alive.timeout", "10s").property("evse.when_control_dies", "open"))
        .awaitListening();
    SimulatedCharger charger = charging();

    for (int i = 0; i < 3; i++) {
      probe.forget();
      probe.take(2, MqttProbe.message("response_collect_data", charger.serial()), LIMIT);
      probe.publish(MqttProbe.REQUEST_TOPIC + "/alive", new byte[0]);
    }
    assertTrue(charger.isContactorClosed(), "a sign of life has come within 10 s");
    until("the contactor is open", () -> !charger.isContactorClosed());

    assertEquals(0, charger.openingsUnderLoad());
  }

  @Test
  void letsChargersUnderTheChargeControllerStay() {
    String controlled = Serials.next();
    String raw = Serials.next();
    BridgeProcess running =
        start(
                supervised()
                    .property("alive.topic", TOPIC)
                    .property("control.id_" + controlled + ".mode", "on")
                    .property("control.id_" + controlled + ".max_amps", "16"))
            .awaitListening();
    try (RawCharger stays = RawCharger.connect(running.port()).answerLikeFirmware();
        RawCharger waits = RawCharger.connect(running.port())) {
      stays.hello(controlled, 9);
      probe.take(MqttProbe.message("new_connection", controlled));
      waits.hello(raw, 9);
      waits.awaitClosed();

      say("online");
      until("a raw charger is let in", () -> isLetIn(running, raw));
      probe.request(Messages.ping(controlled));
      probe.take(MqttProbe.message("response_ping", controlled));
    }
  }

  private boolean isLetIn(BridgeProcess running, String serial) {
    try (RawCharger charger = RawCharger.connect(running.port()).answerLikeFirmware()) {
      charger.hello(serial, 9);
      probe.request(Messages.ping(serial));
      return probe
          .take(MqttProbe.message("response_ping", serial).or(MqttProbe.errorOf(serial)))
          .isType("response_ping");
    }
  }

  private BridgeProcess.Builder supervised() {
    return BridgeProcess.connectingTo(mosquitto).property("evse.poll", "2s");
  }

  private BridgeProcess start(BridgeProcess.Builder settings) {
    BridgeProcess process = settings.start();
    bridge = process;
    return process;
  }

  private void say(String payload) {
    probe.publishRetained(TOPIC, payload.getBytes(StandardCharsets.UTF_8));
  }

  private SimulatedCharger charging() {
    BridgeProcess running = bridge;
    if (running == null) {
      throw new IllegalStateException("not started");
    }
    Simulator chargers =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), running.port()),
            1,
            SimulatorTiming.DEFAULT,
            Scenario.EMPTY);
    simulator = chargers;
    chargers.start();
    SimulatedCharger charger = chargers.chargers().get(0);
    probe.take(MqttProbe.message("new_connection", charger.serial()));
    charger.plugIn(CarModel.ORDINARY);
    setPwm(charger.serial());
    charger.ask();
    close(charger);
    until("the car draws", () -> charger.amps(1) > 1);
    return charger;
  }

  private void setPwm(String id) {
    until(
        "it is set",
        () -> {
          probe.request(Messages.setPwm(id, 26));
          return probe
              .take(MqttProbe.errorOf(id).or(MqttProbe.message("response_set_pwm_percent", id)))
              .isType("response_set_pwm_percent");
        });
  }

  private void close(SimulatedCharger charger) {
    String id = charger.serial();
    until(
        "it is closed",
        () -> {
          probe.request(Messages.setContactor(id, true));
          return probe
              .take(MqttProbe.errorOf(id).or(MqttProbe.message("response_set_contactor_state", id)))
              .isType("response_set_contactor_state");
        });
    assertTrue(charger.isContactorClosed());
  }

  private MqttProbe.Message takeAction(String id) {
    return probe.take(MqttProbe.onTopic(MqttProbe.MESSAGE_TOPIC + "/" + id + "/interlock"));
  }

  private static void until(String what, Callable<Boolean> condition) {
    Patience.until(what, LIMIT, condition);
  }
}
