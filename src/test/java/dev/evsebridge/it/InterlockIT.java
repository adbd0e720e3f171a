package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event;
import dev.evsebridge.simulator.ProximityPilot;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Raw requests with the interlock on, to a charger that behaves as its firmware does. */
@RequiresMosquitto
class InterlockIT {
  private static final Duration LIMIT = Duration.ofSeconds(40);

  private @Nullable Installation started;
  private @Nullable Simulator simulator;

  @AfterEach
  void stop() {
    if (simulator != null) {
      simulator.close();
    }
    if (started != null) {
      started.close();
    }
  }

  @Test
  void closesOnlyWhenTheCarAsksAndNotSoonAfterAnOpening() {
    SimulatedCharger charger = start(bridge -> bridge);
    String id = charger.serial();

    assertRefused(id, "A (volt_12)");
    charger.plugIn(CarModel.ORDINARY);
    setPwm(id, 26);
    assertRefused(id, "B (volt_9)");
    charger.fault();
    assertRefused(id, "a fault");
    charger.endFault();
    assertEquals(0, charger.closings());
    charger.ask();
    closed(charger);
    request(Messages.setContactor(id, false), "response_set_contactor_state", id);
    assertRefused(id, "10 s after an opening");

    assertEquals(1, charger.closings());
    untilClosed(charger);
    assertEquals(2, charger.closings());
  }

  @Test
  void opensByItselfWhenTheCarStopsAndTheClientIsSilent() {
    SimulatedCharger charger = start(bridge -> bridge);
    charging(charger);

    charger.unplug();
    until("the contactor is open", () -> !charger.isContactorClosed());
    until("nothing is offered", () -> charger.dutyCyclePercent() == 100);

    MqttProbe.Message told = takeAction(charger.serial());
    assertEquals("opened", told.field("action"));
    assertEquals("volt_12", told.field("pilot"));
    assertTrue(told.field("at").matches("20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"));
    assertFalse(told.retained());
    assertEquals(3, told.json().size());
  }

  @Test
  void refusesADutyCycleAboveTheCableAndUnderLoadBelowTen() {
    SimulatedCharger charger = start(bridge -> bridge);
    String id = charger.serial();
    charger.plugIn(CarModel.ORDINARY.withCable(ProximityPilot.AMP_13));
    until("the cable is seen", () -> reading(id).equals("amp_13"));

    installation().probe().request(Messages.setPwm(id, 22));
    assertEquals("interlock", installation().probe().take(MqttProbe.errorOf(id)).field("error"));
    setPwm(id, 21);
    charger.ask();
    closed(charger);
    installation().probe().request(Messages.setPwm(id, 0));
    assertEquals("interlock", installation().probe().take(MqttProbe.errorOf(id)).field("error"));

    assertEquals(21, charger.dutyCyclePercent());
  }

  @Test
  void lowersTheDutyCycleUnderLoadToWhatASmallerCableCarries() {
    SimulatedCharger charger = start(bridge -> bridge);
    charging(charger);

    charger.showCable(ProximityPilot.AMP_13);
    until("no more is offered", () -> charger.dutyCyclePercent() == 21);
    assertTrue(charger.isContactorClosed());
    charger.showCable(ProximityPilot.NO_CABLE);
    until("the contactor is open", () -> !charger.isContactorClosed());

    assertEquals(0, charger.openingsUnderLoad());
    assertEquals("stopped", takeAction(charger.serial()).field("action"));
  }

  @Test
  void remembersAnOpeningWhenTheBridgeIsKilled() {
    SimulatedCharger charger = start(bridge -> bridge);
    String id = charger.serial();
    charger.recordEvents();
    charging(charger);
    request(Messages.setContactor(id, false), "response_set_contactor_state", id);
    Path journal = installation().bridge().directory().resolve("state/openings.txt");
    until(
        "the opening is on the disk",
        () -> Files.exists(journal) && Files.readString(journal).contains(id));

    installation().bridge().kill();
    installation().probe().forget();
    installation().bridge().start().awaitListening();
    until("it has connected", charger::isConnected);
    untilClosed(charger);

    long[] switched =
        charger.events().stream()
            .filter(event -> event.kind() == Event.Kind.CONTACTOR)
            .mapToLong(Event::atMillis)
            .toArray();
    assertEquals(3, switched.length);
    assertTrue(switched[2] - switched[1] >= 10_000, () -> switched[2] - switched[1] + " ms");
  }

  @Test
  void stopsGracefullyBeforeItDisconnectsWhenTheBrokerIsAway() {
    SimulatedCharger charger = start(bridge -> bridge.property("bridge.broker_loss_grace", "1s"));
    charging(charger);

    installation().mosquitto().stop();
    until("the contactor is open", () -> !charger.isContactorClosed());
    assertEquals(0, charger.openingsUnderLoad());
    assertEquals(100, charger.dutyCyclePercent());
    until("the port is closed", () -> !installation().bridge().isListening());
    until("it is disconnected", () -> !charger.isConnected());

    installation().mosquitto().start();
    installation().bridge().awaitListening(LIMIT);
  }

  @Test
  void stopsGracefullyBeforeTheBridgeEnds() {
    SimulatedCharger charger = start(bridge -> bridge);
    charging(charger);

    assertEquals(143, installation().bridge().stop());

    assertFalse(charger.isContactorClosed());
    assertEquals(0, charger.openingsUnderLoad());
    assertEquals("stopped", takeAction(charger.serial()).field("action"));
  }

  @Test
  void opensRawChargersBeforeItDisconnectsThemWhereOthersAreControlled() {
    String controlled = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
    SimulatedCharger charger =
        start(
            bridge ->
                bridge
                    .property("control.id_" + controlled + ".mode", "on")
                    .property("control.id_" + controlled + ".max_amps", "16")
                    .property("bridge.broker_loss_grace", "1s"));
    charging(charger);

    installation().mosquitto().stop();
    until("the contactor is open", () -> !charger.isContactorClosed());
    assertEquals(0, charger.openingsUnderLoad());
    until("it is disconnected", () -> !charger.isConnected());

    assertTrue(installation().bridge().isListening());
  }

  private SimulatedCharger start(UnaryOperator<BridgeProcess.Builder> settings) {
    Installation installation =
        Installation.with(bridge -> settings.apply(bridge.property("evse.interlock", "on")))
            .start();
    started = installation;
    Simulator chargers =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), installation.bridge().port()),
            1,
            SimulatorTiming.DEFAULT,
            Scenario.EMPTY);
    simulator = chargers;
    chargers.start();
    SimulatedCharger charger = chargers.chargers().get(0);
    installation.probe().take(MqttProbe.message("new_connection", charger.serial()));
    return charger;
  }

  private Installation installation() {
    Installation installation = started;
    if (installation == null) {
      throw new IllegalStateException("not started");
    }
    return installation;
  }

  private void charging(SimulatedCharger charger) {
    charger.plugIn(CarModel.ORDINARY);
    until("the cable is seen", () -> reading(charger.serial()).equals("amp_32"));
    setPwm(charger.serial(), 26);
    charger.ask();
    closed(charger);
  }

  /** Closes as soon as the bridge lets it: the car takes a moment to ask. */
  private void closed(SimulatedCharger charger) {
    untilClosed(charger);
    assertTrue(charger.isContactorClosed());
  }

  private void untilClosed(SimulatedCharger charger) {
    MqttProbe probe = installation().probe();
    String id = charger.serial();
    until(
        "it is closed",
        () -> {
          probe.request(Messages.setContactor(id, true));
          MqttProbe.Message outcome =
              probe.take(
                  MqttProbe.errorOf(id).or(MqttProbe.message("response_set_contactor_state", id)));
          return outcome.isType("response_set_contactor_state");
        });
  }

  private void assertRefused(String id, String part) {
    MqttProbe probe = installation().probe();
    until(
        "it is refused for " + part,
        () -> {
          probe.request(Messages.setContactor(id, true));
          MqttProbe.Message refusal = probe.take(MqttProbe.errorOf(id));
          assertEquals("interlock", refusal.field("error"));
          return refusal.field("detail").contains(part);
        });
  }

  private void setPwm(String id, int percent) {
    until(
        "it is set",
        () -> {
          installation().probe().request(Messages.setPwm(id, percent));
          return installation()
              .probe()
              .take(MqttProbe.errorOf(id).or(MqttProbe.message("response_set_pwm_percent", id)))
              .isType("response_set_pwm_percent");
        });
  }

  private void request(String request, String response, String id) {
    installation().probe().request(request);
    installation().probe().take(MqttProbe.message(response, id));
  }

  private String reading(String id) {
    installation().probe().forget();
    installation().probe().request(Messages.collect(id));
    return installation()
        .probe()
        .take(MqttProbe.message("response_collect_data", id))
        .json()
        .path("measurements")
        .path("proximity_pilot_amps")
        .asText();
  }

  private MqttProbe.Message takeAction(String id) {
    return installation()
        .probe()
        .take(MqttProbe.onTopic(MqttProbe.MESSAGE_TOPIC + "/" + id + "/interlock"));
  }

  private static void until(String what, Callable<Boolean> condition) {
    Patience.until(what, LIMIT, condition);
  }
}
