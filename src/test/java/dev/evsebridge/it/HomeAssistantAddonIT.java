package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.IngressProxy;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The start script of the add-on, with a Supervisor that knows what the real one would know. */
class HomeAssistantAddonIT {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  private static final String RUN = "deploy/home-assistant-addon/run";
  private static final String SERIAL = "10BA23AB50534D53302E3120FF162332";

  private static final String HOST = "Host: homeassistant.local:8123";
  private static final String INGRESS = "X-Ingress-Path: " + IngressProxy.PATH;

  private final Path folder;

  HomeAssistantAddonIT(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeAll
  static void requirePrograms() {
    for (String program : new String[] {"curl", "jq"}) {
      assumeTrue(
          Stream.of("/usr/bin", "/bin", "/usr/local/bin")
              .anyMatch(each -> Files.isExecutable(Path.of(each, program))),
          program + " is not installed");
    }
  }

  @Test
  @RequiresMosquitto
  void usesTheBrokerOfHomeAssistantAnnouncesDevicesAndShowsThePageThere() throws IOException {
    int port = FreePort.find();
    int web = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.builder().user("addons", "secret").start();
        MqttProbe probe =
            MqttProbe.builder(mosquitto.url())
                .user("addons", "secret")
                .subscribingTo("homeassistant/#")
                .subscribingTo("from_dehneEVSE/#")
                .connect()) {
      HttpServer supervisor =
          supervisor(
              """
              {"result": "ok", "data": {"host": "127.0.0.1", "port": %d, "ssl": false,
               "username": "addons", "password": "secret", "protocol": "3.1.1"}}
              """
                  .formatted(mosquitto.port()));
      options(
          """
          {"discovery": true, "host_names": "homeassistant.local",
           "chargers": [{"serial": "%s", "name": "Garage"}],
           "settings": ["evse.bind_address = 127.0.0.1", "evse.bind_port = %d"]}
          """
              .formatted(SERIAL.toLowerCase(Locale.ROOT), port));
      Process addon = start(supervisor, web);
      try {
        probe.take(
            message ->
                message.topic().startsWith("homeassistant/device/")
                    && message.text().contains("bridge"));
        String info = probe.take(onTopic("from_dehneEVSE/bridge/info")).text();
        assertTrue(info.contains("\"evse.bind_port\":\"" + port + "\""), info);
        Patience.until("the page is there", () -> FreePort.accepts(web));
        showsThePage(web);
        assertEquals(24, Files.readString(folder.resolve("page-password")).length());
        assertTrue(Files.readString(folder.resolve("options.properties")).contains("= Garage"));
      } finally {
        // Its end is another test's; here it would first write its archive of classes.
        Process unused = addon.destroyForcibly();
        Patience.until("the add-on has ended", () -> !addon.isAlive());
        supervisor.stop(0);
      }
    }
  }

  /** Within Home Assistant to everybody, elsewhere to those who know the password. */
  private static void showsThePage(int web) throws IOException {
    HttpProbe directly = HttpProbe.of(web).from("127.0.0.2");
    for (String path : List.of("/", "/api/chargers", "/observe/health/live")) {
      assertEquals(401, directly.get(path, INGRESS).status(), path);
    }
    assertEquals(401, HttpProbe.of(web).get("/").status());
    // The Supervisor's watchdog.
    assertEquals(200, HttpProbe.of(web).get("/observe/health/live").status());
    try (IngressProxy homeAssistant = IngressProxy.to(web)) {
      HttpProbe http = HttpProbe.of(homeAssistant.port());
      HttpProbe.Answer page = http.get(IngressProxy.PATH + "/", HOST);
      assertEquals(200, page.status());
      assertEquals("SAMEORIGIN", page.header("X-Frame-Options"));
      List<String> addresses =
          Pattern.compile("(?:src|href)=\"([^\"]+)\"")
              .matcher(page.body())
              .results()
              .map(each -> each.group(1))
              .toList();
      assertTrue(addresses.contains("script.js"), addresses.toString());
      for (String address : addresses) {
        assertEquals(200, http.get(IngressProxy.PATH + "/" + address, HOST).status(), address);
      }
      HttpProbe.Answer answer =
          http.send(
              "POST",
              IngressProxy.PATH + "/api/chargers/Garage/requests",
              "{\"message_type\":\"request_ping\"}",
              HOST,
              "Origin: http://homeassistant.local:8123",
              "Content-Type: application/json");
      assertEquals(404, answer.status(), answer.body());
      assertEquals("not_connected", answer.json().get("error").asText());
    }
  }

  @Test
  void opensToHomeAssistantThePortAtWhichThePageIs() throws IOException {
    String config = Files.readString(PROJECT.resolve("deploy/home-assistant-addon/config.yaml"));
    String port = group(config, "(?m)^ingress_port: (\\d+)$");
    String run = Files.readString(PROJECT.resolve(RUN));
    assertTrue(run.contains("WEB_PORT=${WEB_PORT:-" + port + "}"), run);
    assertTrue(run.contains("WEB_INGRESS=${WEB_INGRESS:-172.30.32.2}"), run);
    assertTrue(config.contains("\ningress: true\n"), config);
    // Outside Home Assistant nothing is open unless somebody opens it.
    assertTrue(config.contains("\n  " + port + "/tcp: null\n"), config);
    assertTrue(
        config.contains("\nwatchdog: http://[HOST]:[PORT:" + port + "]/observe/health/live\n"),
        config);
  }

  private static String group(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }

  @Test
  void saysWhatToDoWhereHomeAssistantKnowsNoBroker() throws Exception {
    HttpServer supervisor = supervisor("{\"result\": \"error\", \"message\": \"no service\"}");
    options("{\"settings\": []}");
    Process addon = start(supervisor, 0);
    assertEquals(2, addon.waitFor());
    supervisor.stop(0);
    String output = Files.readString(folder.resolve("output.log"));
    assertTrue(output.contains("mqtt_broker"), output);
  }

  private void options(String json) throws IOException {
    Path unused = Files.writeString(folder.resolve("options.json"), json);
  }

  /** Answers whoever has the token. */
  private static HttpServer supervisor(String service) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/services/mqtt",
        exchange -> {
          boolean known =
              "Bearer token".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          byte[] body = service.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(known ? 200 : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  private Process start(HttpServer supervisor, int web) throws IOException {
    Path launcher = folder.resolve("bin/evse-mqtt-bridge");
    Files.createDirectories(folder.resolve("bin"));
    Files.copy(PROJECT.resolve("bin/evse-mqtt-bridge"), launcher);
    Path unused =
        Files.createSymbolicLink(folder.resolve("evse-mqtt-bridge.jar"), BridgeProcess.jar());
    ProcessBuilder builder =
        new ProcessBuilder(PROJECT.resolve(RUN).toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output.log").toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "DATA", folder.toString(),
                "CONFIG", folder.resolve("config").toString(),
                "SUPERVISOR", "http://127.0.0.1:" + supervisor.getAddress().getPort(),
                "SUPERVISOR_TOKEN", "token",
                "BRIDGE", launcher.toString(),
                "JAVA_HOME", System.getProperty("java.home"),
                "WEB_PORT", Integer.toString(web),
                "WEB_INGRESS", "127.0.0.1"));
    return builder.start();
  }
}
