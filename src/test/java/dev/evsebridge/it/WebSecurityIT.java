package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers try at the web port. */
@RequiresMosquitto
class WebSecurityIT {
  private static final int PORT = FreePort.find();
  private static final String LOGIN = login("evse", "only for tests");
  private static final HttpProbe HTTP = HttpProbe.of(PORT);

  @RegisterExtension
  static final Installation INSTALLATION =
      Installation.with(
          bridge ->
              bridge
                  .property("web.port", Integer.toString(PORT))
                  .property("web.password", "only for tests")
                  .property("web.host_names", "evse.example, other.example"));

  @ParameterizedTest
  @ValueSource(strings = {"/", "/api/chargers", "/events", "/observe/metrics", "/metrics"})
  void answersNoHostNameThatIsNotItsOwn(String path) {
    assertEquals(421, HTTP.get(path, LOGIN, "Host: attacker.example:" + PORT).status());
    assertEquals(421, HTTP.get(path, LOGIN, "Host: evse.example.attacker.example").status());
    assertEquals(421, HTTP.get(path, LOGIN, "Host: ").status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:1",
        "127.0.0.1",
        "[::1]:9",
        "evse.example",
        "other.example:443"
      })
  void answersItsOwnHostNames(String host) {
    assertEquals(200, HTTP.get("/", LOGIN, "Host: " + host).status());
  }

  @Test
  void tellsWhoeverAsksHowItIs() {
    assertEquals(200, HTTP.get("/observe/health", LOGIN, "Host: 10.1.2.3").status());
  }

  @Test
  void asksForThePasswordEverywhere() {
    for (String path :
        List.of(
            "/",
            "/script.js",
            "/api/chargers",
            "/events",
            "/metrics",
            "/observe/health",
            "/none")) {
      Answer answer = HTTP.get(path);
      assertEquals(401, answer.status(), path);
      assertNotNull(answer.header("WWW-Authenticate"), path);
    }
    assertEquals(401, HTTP.post("/api/chargers/x/requests", "{}").status());
  }

  @Test
  void answersAFailedLoginOnlyAfterASecond() {
    for (String wrong :
        List.of(
            login("evse", "only for test"),
            login("evse", "only for tests "),
            login("EVSE", "only for tests"),
            login("", ""),
            "Authorization: Basic ???")) {
      long begin = System.nanoTime();
      assertEquals(401, HTTP.get("/", wrong).status(), wrong);
      assertTrue(System.nanoTime() - begin >= Duration.ofSeconds(1).toNanos(), wrong);
    }
    assertEquals(200, HTTP.get("/", LOGIN).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://attacker.example",
        "Origin: null",
        "Origin: http://127.0.0.1",
        "Origin: http://evse.example",
        "Origin: file://127.0.0.1",
        "Origin: http://127.0.0.1:PORT/",
        "Origin: http://127.0.0.1:PORT#127.0.0.1",
        "Origin: http://attacker.example@127.0.0.1:PORT",
        "Origin: http://127.0.0.1:PORT@attacker.example",
        "X-Origin: none at all"
      })
  void takesRequestsOnlyFromItsOwnPage(String origin) {
    String serial = Serials.next();
    RawCharger charger = INSTALLATION.charger(serial);
    Answer answer =
        HTTP.send(
            "POST",
            "/api/chargers/" + serial + "/requests",
            "{\"message_type\":\"request_ping\"}",
            LOGIN,
            origin.replace("PORT", Integer.toString(PORT)),
            "Content-Type: application/json");
    assertEquals(403, answer.status());
    INSTALLATION.probe().request(Messages.ping(serial));
    charger.takeFrame();
    assertEquals(List.of(), charger.untakenFrames());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=application/json",
        "Accept: application/json"
      })
  void takesOnlyWhatNoFormCanSend(String contentType) {
    assertEquals(
        415,
        HTTP.send(
                "POST",
                "/api/chargers/x/requests",
                "{\"message_type\":\"request_ping\"}",
                LOGIN,
                "Origin: http://127.0.0.1:" + PORT,
                contentType)
            .status());
  }

  @Test
  void tellsBrowsersWhatTheyMayDo() {
    for (String path : List.of("/", "/api/chargers", "/observe/health", "/none", "/script.js")) {
      Answer answer = HTTP.get(path, LOGIN);
      assertEquals(
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
              + " img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
          answer.header("Content-Security-Policy"),
          path);
      assertEquals("nosniff", answer.header("X-Content-Type-Options"), path);
      assertEquals("no-referrer", answer.header("Referrer-Policy"), path);
      assertEquals("DENY", answer.header("X-Frame-Options"), path);
      assertEquals("same-origin", answer.header("Cross-Origin-Resource-Policy"), path);
      assertEquals("same-origin", answer.header("Cross-Origin-Opener-Policy"), path);
    }
  }

  @Test
  void letsNobodyKeepWhatItHasSaid() throws IOException {
    for (String path : List.of("/api/chargers", "/metrics", "/observe/health", "/none")) {
      assertEquals("no-store", HTTP.get(path, LOGIN).header("Cache-Control"), path);
    }
    assertEquals("no-store", HTTP.get("/").header("Cache-Control"), "to be logged in");
    assertEquals("no-store", post("{}").header("Cache-Control"), "of requests");
    try (Socket socket = HTTP.connect()) {
      socket
          .getOutputStream()
          .write(
              ("GET /events HTTP/1.1\r\nHost: localhost\r\n" + LOGIN + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      assertTrue(
          lines
              .lines()
              .takeWhile(line -> !line.isEmpty())
              .anyMatch(line -> line.equalsIgnoreCase("Cache-Control: no-store")));
    }
    // The page itself may be kept, and is asked for again each time.
    assertEquals("no-cache", HTTP.get("/", LOGIN).header("Cache-Control"));
  }

  private static Answer post(String body) {
    return HTTP.send(
        "POST",
        "/api/chargers/x/requests",
        body,
        LOGIN,
        "Origin: http://127.0.0.1:" + PORT,
        "Content-Type: application/json");
  }

  @Test
  void refusesWhatIsTooLarge() {
    Answer answer =
        HTTP.send(
            "POST",
            "/api/chargers/x/requests",
            "{\"message_type\":\"" + "x".repeat(256 * 1024) + "\"}",
            LOGIN,
            "Origin: http://127.0.0.1:" + PORT,
            "Content-Type: application/json");
    assertEquals(413, answer.status());
    assertEquals(414, HTTP.get("/" + "x".repeat(10_000), LOGIN).status());
    assertEquals(431, HTTP.get("/", LOGIN, "X-Long: " + "x".repeat(20_000)).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../application.properties",
        "/..%2fapplication.properties",
        "/%2e%2e/application.properties",
        "/web/../../application.properties",
        "/application.properties",
        "/log4j2.properties",
        "//etc/passwd",
        "/..%5c..%5capplication.properties",
        "/index.html%00.js"
      })
  void givesNothingBesideThePage(String path) {
    int status = HTTP.get(path, LOGIN).status();
    assertTrue(status == 404 || status == 400, path + ": " + status);
  }

  @Test
  void refusesWhatIsMalformedOrAmbiguousWithoutTracesInTheLog() throws IOException {
    String own = "Host: 127.0.0.1:" + PORT;
    for (Answer answer :
        List.of(
            HTTP.get("/", LOGIN, "-Host"),
            HTTP.get("/", LOGIN, "Host: 127.0.0.1:" + PORT + ":1"),
            HTTP.get("/", LOGIN, "Host: attacker.example@localhost"),
            HTTP.get("/api/chargers", LOGIN, own, "Host: attacker.example"),
            HTTP.get("http://attacker.example/api/chargers", LOGIN, own),
            HTTP.get("/api/chargers/%zz", LOGIN),
            HTTP.send(
                "POST",
                "/api/chargers/x/requests",
                "{}",
                LOGIN,
                "Origin: http://127.0.0.1:" + PORT,
                "Origin: http://attacker.example",
                "Content-Type: application/json"))) {
      assertEquals(400, answer.status(), answer.toString());
      assertEquals("malformed", answer.json().get("error").asText());
      assertTrue(
          String.valueOf(answer.header("Content-Security-Policy")).contains("default-src 'none'"),
          answer.toString());
    }
    try (Socket broken = HTTP.connect()) {
      broken
          .getOutputStream()
          .write(
              String.join(
                      "\r\n",
                      "POST /api/chargers/x/requests HTTP/1.1",
                      own,
                      LOGIN,
                      "Origin: http://127.0.0.1:" + PORT,
                      "Content-Type: application/json",
                      "Transfer-Encoding: chunked",
                      "",
                      "no length",
                      "")
                  .getBytes(StandardCharsets.US_ASCII));
      assertEquals(-1, broken.getInputStream().read());
    }
    String output = INSTALLATION.bridge().output();
    assertFalse(output.contains("\tat "), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/script.js", "/api/chargers", "/metrics", "/observe/health"})
  void answersHeadAsGetButForItsContent(String path) {
    Answer answer = HTTP.send("HEAD", path, "", LOGIN);
    assertEquals(200, answer.status());
    assertEquals("", answer.body());
    assertEquals(HTTP.get(path, LOGIN).header("Content-Type"), answer.header("Content-Type"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "ANYTHING"})
  void doesNothingForOtherMethodsAndSaysWhichThereAre(String method) {
    for (String path :
        List.of(
            "/",
            "/index.html",
            "/script.js",
            "/api/chargers",
            "/api/chargers/x",
            "/metrics",
            "/observe/metrics",
            "/observe/health",
            "/observe/health/live",
            "/observe/health/ready")) {
      assertAllows("GET, HEAD", method, path);
    }
    assertAllows("GET", method, "/events");
    for (String below : List.of("requests", "set", "set/limit_amps")) {
      assertAllows("POST", method, "/api/chargers/x/" + below);
    }
  }

  @Test
  void readsNothingWhereItIsToBeWritten() {
    assertAllows("POST", "GET", "/api/chargers/x/requests");
    assertAllows("GET, HEAD", "POST", "/api/chargers");
    assertAllows("GET", "HEAD", "/events");
  }

  private static void assertAllows(String methods, String method, String path) {
    Answer answer =
        HTTP.send(
            method,
            path,
            "",
            LOGIN,
            "Origin: http://127.0.0.1:" + PORT,
            "Content-Type: application/json");
    assertEquals(405, answer.status(), path);
    assertEquals(methods, answer.header("Allow"), path);
  }

  @Test
  void knowsNoIngressWhereNoneIsSet() {
    for (String path : List.of("X-Ingress-Path: /", "X-Ingress-Path: /api/hassio_ingress/token")) {
      Answer answer = HTTP.get("/", path);
      assertEquals(401, answer.status());
      assertEquals("DENY", answer.header("X-Frame-Options"));
      assertEquals(421, HTTP.get("/", path, "Host: homeassistant.local:8123").status());
    }
  }

  @Test
  void speaksNothingButHttp1() throws IOException {
    Answer upgrade =
        HTTP.get("/icon.svg", LOGIN, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__");
    assertEquals(200, upgrade.status(), "an upgrade may be ignored");
    try (Socket socket = HTTP.connect()) {
      socket
          .getOutputStream()
          .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.contains(" 501 "), answer);
    }
    assertEquals(421, HTTP.send("GET", "/", "", LOGIN, "Host: x").status());
  }

  @Test
  void answersPipelinedRequestsInTheirOrder() throws IOException {
    String request = "GET %s HTTP/1.1\r\nHost: localhost\r\n" + LOGIN + "\r\n%s\r\n";
    try (Socket socket = HTTP.connect()) {
      socket
          .getOutputStream()
          .write(
              (request.formatted("/icon.svg", "").repeat(50)
                      + request.formatted("/none", "")
                      + request.formatted("/icon.svg", ""))
                  .getBytes(StandardCharsets.US_ASCII));
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      // What is not served ends the connection, sooner or later.
      String[] statuses = answers.split("HTTP/1.1 ", -1);
      for (int i = 1; i <= 51; i++) {
        assertTrue(statuses[i].startsWith(i <= 50 ? "200 " : "404 "), statuses[i]);
      }
    }
  }

  @Test
  void closesConnectionsThatSayNothing() throws IOException {
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 80; i++) {
        Socket socket = HTTP.connect();
        socket.getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
        silent.add(socket);
      }
      assertEnds(silent.get(silent.size() - 1));
      Patience.until(
          "others are answered",
          Duration.ofSeconds(90),
          () -> {
            try {
              return HTTP.get("/", LOGIN).status() == 200;
            } catch (RuntimeException | AssertionError refused) {
              return false;
            }
          });
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  /** Sooner than a connection that says nothing is closed: there were too many. */
  private static void assertEnds(Socket socket) {
    try {
      assertEquals(-1, socket.getInputStream().read());
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the connection was not closed", e);
    } catch (IOException e) {
      // It was reset.
    }
  }

  private static String login(String user, String password) {
    return "Authorization: Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }
}
