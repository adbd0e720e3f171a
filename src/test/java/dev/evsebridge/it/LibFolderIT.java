package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.RoutesFolder;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Components that a user adds: the example of docs/routes.md, with Camel's HTTP component. */
class LibFolderIT {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

  private static final String SERVLETS = "jakarta.servlet.ServletInputStream";

  /** One of each jar. */
  private static final List<String> TYPES =
      List.of(
          SERVLETS,
          "org.apache.camel.component.http.HttpComponent",
          "org.apache.camel.http.base.HttpHelper",
          "org.apache.camel.http.common.HttpCommonComponent",
          "org.apache.hc.client5.http.impl.classic.HttpClients",
          "org.apache.hc.core5.http.HttpHost",
          "org.apache.hc.core5.http2.config.H2Config");

  private final String serial = Serials.next();

  @Test
  @RequiresMosquitto
  void routesUseTheComponentsOfItsJars() throws Exception {
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/evse",
        exchange -> {
          received.add(
              exchange.getRequestMethod()
                  + " "
                  + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            withLib(BridgeProcess.connectingTo(mosquitto).byLauncher(), TYPES)
                .property("my.web.host", "127.0.0.1:" + server.getAddress().getPort())
                .file("routes/web-hook.yaml", documentedRoute())
                .start()
                .awaitListening();
        RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      String first = String.valueOf(received.poll(60, TimeUnit.SECONDS));
      assertTrue(first.startsWith("POST {\"message_type\":\"new_connection\""), first);

      // It is found by a reload as well, in a context of its own.
      new RoutesFolder(bridge, probe)
          .load("web-hook.yaml", documentedRoute().replace("web-hook", "web-hook-again"));
      try (RawCharger again = RawCharger.connect(bridge.port()).hello(Serials.next(), 9)) {
        assertTrue(String.valueOf(received.poll(60, TimeUnit.SECONDS)).startsWith("POST {"));
        assertTrue(again.isOpen());
      }
      assertTrue(charger.isOpen());
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aJarThatIsMissingThereIsNamedInOneLine() {
    List<String> types = TYPES.stream().filter(type -> !type.equals(SERVLETS)).toList();
    try (BridgeProcess bridge =
        withLib(BridgeProcess.builder().byLauncher(), types).arguments("--check").start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      String last = bridge.output().lines().reduce("", (before, line) -> line);
      assertTrue(last.contains(SERVLETS), bridge::output);
    }
  }

  @Test
  void anUnknownComponentIsRefusedWithAWordOnTheFolder() throws IOException {
    try (BridgeProcess bridge =
        BridgeProcess.builder()
            .property("my.web.host", "127.0.0.1:1")
            .file("routes/web-hook.yaml", documentedRoute())
            .arguments("--check")
            .start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      String last = bridge.output().lines().reduce("", (before, line) -> line);
      assertTrue(last.contains("web-hook.yaml, line "), last);
      assertTrue(last.contains("lib/"), last);
    }
  }

  /** The example as its readers copy it. */
  private static String documentedRoute() throws IOException {
    Matcher example =
        Pattern.compile("(?s)```yaml\\n(# web-hook\\.yaml.*?)```")
            .matcher(Files.readString(PROJECT.resolve("docs/routes.md")));
    assertTrue(example.find(), "docs/routes.md has no example web-hook.yaml");
    return example.group(1);
  }

  /** With the component and what it needs, and nothing that the bridge has itself. */
  private static BridgeProcess.Builder withLib(BridgeProcess.Builder builder, List<String> types) {
    for (String type : types) {
      Path jar = jarOf(type);
      builder.copy(jar, "lib/" + jar.getFileName());
    }
    return builder;
  }

  private static Path jarOf(String type) {
    try {
      return Path.of(
          Class.forName(type).getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (ClassNotFoundException | URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
