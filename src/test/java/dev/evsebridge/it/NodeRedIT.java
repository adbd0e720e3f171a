package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evsebridge.docs.MarkdownFile;
import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.NodeRed;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The flow of docs/home-assistant.md, run by Node-RED as it is. */
@RequiresMosquitto
class NodeRedIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void turnsSurplusIntoAmperesAndStopsChargingWhenItGoesAway() {
    NodeRed.Installed nodeRed = NodeRed.install();
    assumeTrue(nodeRed.program().isPresent(), nodeRed.otherwise());
    try (Installation installation =
        Installation.with(
                bridge ->
                    bridge
                        .property("control.mode", "on")
                        .property("control.max_amps", "16")
                        .property("control.restart_delay", "0s")
                        .property("control.min_off", "10s")
                        .property("alive.topic", "nodered/status"))
            .start()) {
      try (Simulator simulator = simulator(installation);
          NodeRed running =
              NodeRed.start(nodeRed.program().get(), flow(installation.mosquitto().port()))) {
        SimulatedCharger charger = simulator.chargers().get(0);
        MqttProbe probe = installation.probe().subscribe("nodered/status");
        probe.take(message("new_connection", charger.serial()));
        try {
          probe.take(onTopic("nodered/status").and(each -> each.text().equals("online")), LIMIT);
        } catch (AssertionError e) {
          throw new AssertionError(running.output(), e);
        }
        charger.plugIn(CarModel.ORDINARY);
        charger.ask();

        surplus(probe, 7_000);
        Patience.until("10 A are offered", LIMIT, () -> charger.dutyCyclePercent() == 16);
        Patience.until("it charges", LIMIT, charger::isContactorClosed);
        surplus(probe, 9_700);
        Patience.until("14 A are offered", LIMIT, () -> charger.dutyCyclePercent() == 23);

        running.kill();
        Patience.until("nothing is offered", LIMIT, () -> !charger.isContactorClosed());
        String state = "from_dehneEVSE/" + charger.serial() + "/state";
        probe.take(onTopic(state).and(each -> each.field("why").equals("control_silent")), LIMIT);
        assertTrue(charger.isConnected());
      }
    }
  }

  /** Node-RED may not have subscribed yet: the broker keeps it for it. */
  private static void surplus(MqttProbe probe, int watts) {
    probe.publishRetained("house/surplus_watts", Integer.toString(watts).getBytes(UTF_8));
  }

  private static Simulator simulator(Installation installation) {
    Simulator simulator =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), installation.bridge().port()),
            1,
            SimulatorTiming.DEFAULT,
            Scenario.EMPTY);
    simulator.start();
    return simulator;
  }

  private static String flow(int brokerPort) {
    List<MarkdownFile.Block> flows = MarkdownFile.of("docs/home-assistant.md").blocks("json");
    String flow = flows.get(0).text();
    assertTrue(flow.contains("\"port\":\"1883\""), flow);
    return flow.replace("\"port\":\"1883\"", "\"port\":\"" + brokerPort + "\"");
  }
}
