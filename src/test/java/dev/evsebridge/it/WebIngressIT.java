package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Home Assistant's ingress, and those who pretend to be it. */
@RequiresMosquitto
class WebIngressIT {
  private static final int PORT = FreePort.find();
  private static final HttpProbe SUPERVISOR = HttpProbe.of(PORT);
  private static final HttpProbe OTHERS = HttpProbe.of(PORT).from("127.0.0.2");
  private static final String INGRESS = "X-Ingress-Path: /api/hassio_ingress/token";
  private static final String HOST = "Host: homeassistant.local:8123";
  private static final String ORIGIN = "Origin: http://homeassistant.local:8123";
  private static final String JSON = "Content-Type: application/json";
  private static final String PING = "{\"message_type\":\"request_ping\"}";

  @RegisterExtension
  static final Installation INSTALLATION =
      Installation.with(
          bridge ->
              bridge
                  .property("web.port", Integer.toString(PORT))
                  .property("web.password", "only for tests")
                  .property("web.ingress", "127.0.0.1"));

  private final String serial = Serials.next();

  @ParameterizedTest
  @ValueSource(strings = {"/", "/script.js", "/api/chargers", "/metrics", "/observe/health"})
  void asksWhomHomeAssistantHasLetInForNoPassword(String path) {
    assertEquals(200, SUPERVISOR.get(path, HOST, INGRESS).status());
  }

  @Test
  void letsItselfBeFramedByHomeAssistantAlone() {
    for (String path : List.of("/", "/none")) {
      Answer answer = SUPERVISOR.get(path, HOST, INGRESS);
      String policy = String.valueOf(answer.header("Content-Security-Policy"));
      assertTrue(policy.contains("frame-ancestors 'self'"), policy);
      assertTrue(policy.contains("default-src 'none'"), policy);
      assertEquals("SAMEORIGIN", answer.header("X-Frame-Options"), path);
    }
    for (Answer answer :
        List.of(
            SUPERVISOR.get("/", "Host: localhost"), OTHERS.get("/", "Host: localhost", INGRESS))) {
      String policy = String.valueOf(answer.header("Content-Security-Policy"));
      assertTrue(policy.contains("frame-ancestors 'none'"), policy);
      assertEquals("DENY", answer.header("X-Frame-Options"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Ingress-Path: /api/hassio_ingress/token",
        "X-Ingress-Path: /",
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-Real-IP: 127.0.0.1"
      })
  void believesNobodyElse(String header) {
    for (String path : List.of("/", "/api/chargers", "/observe/health", "/metrics")) {
      assertEquals(401, OTHERS.get(path, "Host: localhost", INGRESS, header).status(), path);
    }
    assertEquals(421, OTHERS.get("/", HOST, INGRESS, header).status());
    RawCharger charger = INSTALLATION.charger(serial);
    assertEquals(421, post(OTHERS, PING, HOST, INGRESS, ORIGIN, JSON, header).status());
    assertEquals(
        401,
        post(
                OTHERS,
                PING,
                "Host: localhost:" + PORT,
                "Origin: http://localhost:" + PORT,
                JSON,
                INGRESS,
                header)
            .status());
    INSTALLATION.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void asksTheSupervisorItselfForThePasswordExceptForHealth() {
    for (String header :
        List.of("X-Other: 1", "X-Ingress-Path: ", "X-Ingress-Path: api/hassio_ingress/token")) {
      assertEquals(401, SUPERVISOR.get("/", "Host: localhost", header).status(), header);
      assertEquals(421, SUPERVISOR.get("/", HOST, header).status(), header);
      assertEquals(401, SUPERVISOR.get("/metrics", "Host: localhost", header).status(), header);
    }
    assertEquals(401, SUPERVISOR.get("/", "Host: localhost", INGRESS, INGRESS).status());
    for (String path : List.of("/observe/health", "/observe/health/live")) {
      assertEquals(200, SUPERVISOR.get(path, "Host: 172.30.33.5:8080").status(), path);
      assertEquals(401, OTHERS.get(path, "Host: 172.30.33.5:8080").status(), path);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: homeassistant.local:8123",
        "Host: HomeAssistant.local",
        "Host: 172.30.32.1\nX-Forwarded-Host: homeassistant.local:8123"
      })
  void switchesFromHomeAssistantsOwnPage(String host) {
    INSTALLATION.charger(serial).answerLikeFirmware();
    String[] headers = (host + "\n" + String.join("\n", INGRESS, ORIGIN, JSON)).split("\n");
    Answer answer = post(SUPERVISOR, PING, headers);
    assertEquals(200, answer.status(), answer.body());
    assertEquals(
        INSTALLATION.probe().take(MqttProbe.message("response_ping", serial)).text(),
        answer.body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://attacker.example",
        "Origin: http://homeassistant.local.attacker.example:8123",
        "Origin: http://homeassistant.local@attacker.example",
        "Origin: null",
        "Origin: file://homeassistant.local:8123",
        "X-Origin: none at all"
      })
  void switchesFromNoPageElsewhere(String origin) {
    RawCharger charger = INSTALLATION.charger(serial);
    assertEquals(403, post(SUPERVISOR, PING, HOST, INGRESS, origin, JSON).status());
    assertEquals(
        403,
        post(SUPERVISOR, PING, HOST, INGRESS, origin, JSON, "X-Forwarded-Host: other.example")
            .status());
    INSTALLATION.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void takesFromHomeAssistantsPageOnlyWhatNoFormCanSend() {
    assertEquals(
        415, post(SUPERVISOR, PING, HOST, INGRESS, ORIGIN, "Content-Type: text/plain").status());
  }

  private Answer post(HttpProbe from, String body, String... headers) {
    return from.send("POST", "/api/chargers/" + serial + "/requests", body, headers);
  }
}
