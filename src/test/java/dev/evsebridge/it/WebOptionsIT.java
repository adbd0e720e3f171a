package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.EventProbe;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
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

  @Test
  void takesARenewedPasswordFile() throws IOException {
    try (Installation installation =
        Installation.with(
                bridge ->
                    bridge
                        .file("password", "the first\n")
                        .property("web.port", Integer.toString(port))
                        .property("web.username", "me")
                        .property("web.password_file", "password"))
            .start()) {
      assertEquals(200, http.get("/", login("me:the first")).status());
      assertEquals(401, http.get("/", login("evse:the first")).status());
      Path unused =
          Files.writeString(installation.bridge().directory().resolve("password"), "the second");
      assertEquals(200, http.get("/", login("me:the second")).status());
      assertEquals(401, http.get("/", login("me:the first")).status());
    }
  }

  private static String login(String credentials) {
    return "Authorization: Basic "
        + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void showsWhatIsNotPublishedWhereStateTopicsAreOff() throws IOException {
    try (Installation installation = installation("bridge.state_topics", "false");
        EventProbe events = EventProbe.open(http)) {
      RawCharger charger =
          installation
              .charger(serial)
              .answerLikeFirmware(ChargerReading.typical().log("7: one line\0"), 9);
      assertTrue(events.take("message", serial).get("raw").isNull());
      assertEquals(
          200,
          http.post(
                  "/api/chargers/" + serial + "/requests",
                  "{\"message_type\":\"request_data_collection\"}")
              .status());
      // What was measured is shown at once, what it means up to 0.1 s later.
      JsonNode state =
          events.take("message", serial, each -> each.get("status").asText().equals("B"));
      assertFalse(state.get("raw").isNull());
      assertEquals("one line", events.take("log", serial).get("text").asText());
      JsonNode shown = http.get("/api/chargers/" + serial).json();
      assertEquals("one line", shown.at("/log/0/text").asText());
      assertEquals(9, shown.at("/firmware/installed_version").asInt());

      charger.close();
      JsonNode gone = events.take("message", serial, each -> !each.get("connected").asBoolean());
      assertEquals("offline", gone.get("why").asText());
      installation.awaitRequestsDone();
      String own = "from_dehneEVSE/" + serial + "/";
      assertEquals(
          List.of(own + "availability"),
          installation.probe().untaken(message -> message.topic().startsWith(own)).stream()
              .map(MqttProbe.Message::topic)
              .distinct()
              .toList());
    }
  }

  @Test
  void leavesChargersOfAnotherBridgeToThatOne() {
    try (Installation installation =
            installation("bridge.name", "one", "control.mode", "on", "control.max_amps", "16");
        BridgeProcess two =
            BridgeProcess.connectingTo(installation.mosquitto())
                .property("bridge.name", "two")
                .property("control.mode", "on")
                .property("control.max_amps", "16")
                .start()
                .awaitListening()) {
      // Of several bridges each asks for a ping first.
      installation.connect().answerLikeFirmware().hello(serial, 9);
      Patience.until("it is here", () -> charger().path("connected").asBoolean());
      assertTrue(charger().get("bridge").isNull());
      try (RawCharger moved =
          RawCharger.connect(two.port()).answerLikeFirmware().hello(serial, 9)) {
        Patience.until("it is there", () -> charger().path("bridge").asText().equals("two"));
        assertFalse(charger().get("connected").asBoolean());
        installation.probe().forget();
        for (String path : List.of("requests", "set", "set/limit_amps")) {
          String body =
              path.equals("requests")
                  ? "{\"message_type\":\"request_ping\"}"
                  : path.equals("set") ? "{\"limit_amps\":8}" : "8";
          Answer answer = http.post("/api/chargers/" + serial + "/" + path, body);
          assertEquals(404, answer.status(), answer.body());
          assertEquals("not_connected", answer.json().get("error").asText());
          assertTrue(answer.json().get("detail").asText().contains("bridge two"), answer.body());
        }
        String other = Serials.next();
        installation.probe().request(Messages.ping(other));
        // Whatever was published before would have come before this.
        installation.probe().take(MqttProbe.errorOf(other));
        assertEquals(List.of(), installation.probe().untaken(MqttProbe.error()));
        assertTrue(moved.isOpen());
      }
      Patience.until("it has left", () -> charger().get("bridge").isNull());
    }
  }

  private JsonNode charger() {
    return http.get("/api/chargers/" + serial).json();
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
