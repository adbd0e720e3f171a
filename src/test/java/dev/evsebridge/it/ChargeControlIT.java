package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The charge controller against a charger that behaves as its firmware does, in real time. */
@RequiresMosquitto
class ChargeControlIT {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private Installation installation =
      Installation.with(
          bridge ->
              bridge
                  .property("control.mode", "on")
                  .property("control.max_amps", "16")
                  .property("control.restart_delay", "0s")
                  .property("control.min_off", "10s"));
  private Simulator simulator;
  private SimulatedCharger charger;

  @BeforeEach
  void aChargerConnects() {
    installation = installation.start();
    simulator =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), installation.bridge().port()),
            1,
            SimulatorTiming.DEFAULT,
            Scenario.EMPTY);
    simulator.start();
    charger = simulator.chargers().get(0);
    installation.probe().take(MqttProbe.message("new_connection", charger.serial()));
  }

  @AfterEach
  void stop() {
    simulator.close();
    installation.close();
  }

  @Test
  void chargesACarFromPluggingInToUnpluggingWithoutASingleRawRequest() {
    charger.plugIn(CarModel.ORDINARY);
    set("/set", "{\"enabled\":true,\"limit_amps\":10}");
    until("10 A are offered", () -> charger.dutyCyclePercent() == 16);
    assertFalse(charger.isContactorClosed());

    charger.ask();
    until("the contactor is closed", charger::isContactorClosed);
    charger.unplug();
    until("the contactor is open", () -> !charger.isContactorClosed());

    until("nothing is offered", () -> charger.dutyCyclePercent() == 100);
    assertEquals(1, charger.closings());
  }

  @Test
  void stopsGracefullyWhenChargingIsSwitchedOff() {
    charging();

    set("/set/enabled", "false");
    until("the contactor is open", () -> !charger.isContactorClosed());

    assertEquals(0, charger.openingsUnderLoad());
  }

  @Test
  void keepsRawCommandsAway() {
    charging();
    String id = charger.serial();

    installation.probe().request(Messages.setContactor(id, false));
    MqttProbe.Message refused = installation.probe().take(MqttProbe.errorOf(id));
    assertEquals("controlled", refused.field("error"));
    installation.probe().request(Messages.setPwm(id, 100));
    assertEquals("controlled", installation.probe().take(MqttProbe.errorOf(id)).field("error"));
    installation.probe().request(Messages.ping(id));
    installation.probe().take(MqttProbe.message("response_ping", id));

    assertTrue(charger.isContactorClosed());
  }

  @Test
  void goesOnChargingOverACrashOfTheBridge() {
    charging();
    long openings = charger.openings();

    installation.bridge().kill();
    installation.bridge().start().awaitListening();
    until("it is connected again", charger::isConnected);
    set("/set/limit_amps", "8");
    until("8 A are offered", () -> charger.dutyCyclePercent() == 13);

    assertTrue(charger.isContactorClosed());
    assertEquals(openings, charger.openings());
  }

  @Test
  void opensTheContactorBeforeTheBridgeStops() {
    charging();

    assertEquals(143, installation.bridge().stop());

    assertFalse(charger.isContactorClosed());
    assertEquals(0, charger.openingsUnderLoad());
  }

  private void charging() {
    charger.plugIn(CarModel.ORDINARY);
    set("/set", "{\"enabled\":true,\"limit_amps\":16}");
    charger.ask();
    until("the contactor is closed", charger::isContactorClosed);
  }

  private void set(String topic, String payload) {
    installation
        .probe()
        .publish(
            MqttProbe.REQUEST_TOPIC + "/" + charger.serial() + topic,
            payload.getBytes(StandardCharsets.UTF_8));
  }

  private static void until(String what, Callable<Boolean> condition) {
    Patience.until(what, LIMIT, condition);
  }
}
