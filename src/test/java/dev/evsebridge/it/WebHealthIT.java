package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What monitors learn at the web port. */
@RequiresMosquitto
class WebHealthIT {
  private final int port = FreePort.find();
  private final HttpProbe http = HttpProbe.of(port);

  @Test
  void isReadyWhileTheBrokerIsThereOrAwayForLessThanTheGrace() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .property("web.port", Integer.toString(port))
                .property("bridge.broker_loss_grace", "4s")
                .start()
                .awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).hello(Serials.next(), 9).answerLikeFirmware()) {
      Patience.until("it is ready", () -> ready().status() == 200);
      assertEquals(Map.of("broker", "UP", "listener", "UP"), checks(ready()));
      Answer all = http.get("/observe/health");
      assertEquals(200, all.status());
      assertEquals(Map.of("live", "UP", "broker", "UP", "listener", "UP"), checks(all));
      assertEquals("application/json", all.header("Content-Type"));

      mosquitto.stop();
      Patience.until("it is not ready", () -> ready().status() == 503);
      Patience.until(
          "both are down",
          () -> checks(ready()).equals(Map.of("broker", "DOWN", "listener", "DOWN")));
      assertEquals("DOWN", http.get("/observe/health").json().get("status").asText());
      assertEquals(503, http.get("/observe/health").status());
      assertEquals(200, http.get("/observe/health/live").status());

      mosquitto.start();
      Patience.until("it is ready again", () -> ready().status() == 200);
    }
  }

  @Test
  void isAliveWithoutABrokerThatWasNeverThere() {
    try (BridgeProcess bridge =
        BridgeProcess.connectingTo("tcp://127.0.0.1:9")
            .property("web.port", Integer.toString(port))
            .start()) {
      Patience.until("it answers", () -> FreePort.accepts(port));
      assertEquals(200, http.get("/observe/health/live").status());
      assertEquals(Map.of("broker", "DOWN", "listener", "DOWN"), checks(ready()));
    }
  }

  @Test
  void opensNoPortUnlessItIsToldTo() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening()) {
      long threads = bridge.threads();
      assertFalse(bridge.output().contains("The page is at"));
      bridge.stop();
      try (BridgeProcess withPage =
          BridgeProcess.connectingTo(mosquitto)
              .property("web.port", Integer.toString(port))
              .start()
              .awaitListening()) {
        assertTrue(FreePort.accepts(port));
        assertTrue(withPage.threads() > threads);
      }
    }
  }

  private Answer ready() {
    return http.get("/observe/health/ready");
  }

  private static Map<String, String> checks(Answer answer) {
    Map<String, String> checks = new HashMap<>();
    answer
        .json()
        .get("checks")
        .forEach(check -> checks.put(check.get("name").asText(), check.get("status").asText()));
    return checks;
  }
}
