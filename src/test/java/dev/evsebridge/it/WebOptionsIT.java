package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the keys {@code web.*} make of the web port. */
@RequiresMosquitto
class WebOptionsIT {
  private final int port = FreePort.find();
  private final HttpProbe http = HttpProbe.of(port);
  private final String serial = Serials.next();

  private Installation installation(String... properties) {
    return Installation.with(
            bridge -> {
              bridge.property("web.port", Integer.toString(port));
              for (int i = 0; i < properties.length; i += 2) {
                bridge.property(properties[i], properties[i + 1]);
              }
              return bridge;
            })
        .start();
  }

  @Test
  void switchesNothingWhereItIsOnlyToBeRead() {
    try (Installation installation = installation("web.read_only", "true")) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      for (String path : List.of("requests", "set", "set/limit_amps", "set/firmware")) {
        Answer answer =
            http.post(
                "/api/chargers/" + serial + "/" + path, "{\"message_type\":\"request_ping\"}");
        assertEquals(403, answer.status(), path);
        assertEquals("read_only", answer.json().get("error").asText(), path);
      }
      installation.awaitRequestsDone();
      assertEquals(List.of(), charger.untakenFrames());
      assertEquals(serial, http.get("/api/chargers/" + serial).json().get("client_id").asText());
    }
  }

  @Test
  void letsMonitorsAndNobodyElseInWithoutAPassword() {
    try (Installation installation =
        installation("web.password", "only for tests", "web.open_metrics", "true")) {
      for (String path :
          List.of("/observe/health", "/observe/health/live", "/observe/metrics", "/metrics")) {
        assertEquals(200, http.get(path).status(), path);
      }
      for (String path :
          List.of(
              "/",
              "/script.js",
              "/api/chargers",
              "/api/chargers/" + serial,
              "/events",
              "/observe",
              "/observe/health/../../api/chargers",
              "/observe/health/%2e%2e/%2e%2e/api/chargers",
              "/metrics/../api/chargers",
              "//observe/health/../../api/chargers",
              "/observe/healthy")) {
        assertEquals(401, http.get(path).status(), path);
      }
      assertEquals(401, http.post("/api/chargers/" + serial + "/requests", "{}").status());
      assertTrue(installation.bridge().isRunning());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
  void opensNoPortToOthersWithoutAPassword(String address) {
    try (BridgeProcess bridge =
        BridgeProcess.connectingTo("tcp://127.0.0.1:9")
            .property("web.port", Integer.toString(port))
            .property("web.address", address)
            .start()) {
      assertEquals(2, bridge.exitStatus());
      List<String> lines = bridge.output().lines().toList();
      assertEquals(1, lines.size(), bridge.output());
      assertTrue(
          lines.get(0).contains("web.address") && lines.get(0).contains("web.password"),
          bridge.output());
    }
  }

  @Test
  void loadsNothingOfItWhereItIsOff() {
    try (Installation off = Installation.asDelivered().start()) {
      off.awaitRequestsDone();
      assertEquals(Set.of(), ofTheWebPort(off.bridge()));
    }
    try (Installation on = installation()) {
      assertEquals(200, http.get("/metrics").status());
      assertTrue(ofTheWebPort(on.bridge()).size() > 100);
    }
  }

  private static Set<String> ofTheWebPort(BridgeProcess bridge) {
    Set<String> all = bridge.loadedClasses();
    assertTrue(all.contains("dev.evsebridge.app.BridgeApplication"), () -> all.toString());
    return all.stream()
        .filter(
            name ->
                name.startsWith("io.vertx.")
                    || name.startsWith("io.prometheus.")
                    || name.startsWith("io.netty.handler.codec.http.")
                    || name.startsWith("dev.evsebridge.web."))
        .collect(Collectors.toSet());
  }
}
