package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What containers and systemd learn about the bridge. */
@RequiresMosquitto
class HealthIT {
  private static final Path SCRIPT =
      Path.of(System.getProperty("basedir", ""), "deploy/healthcheck").toAbsolutePath();

  /** The file is at most 20 s old in a healthy bridge; --end-frozen waits for 30 s. */
  private static final Duration NOTICED = Duration.ofSeconds(60);

  @Test
  void isHealthyWhileChargersCanConnect() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("BRIDGE_BROKER_LOSS_GRACE", "1s")
                .start()
                .awaitListening()) {
      Patience.until("it is healthy", () -> isHealthy(bridge));
      assertTrue(
          Files.readString(bridge.directory().resolve("state/health"))
              .matches("(?s).*\nup=\\d+\n.*"));
      mosquitto.stop();
      Patience.until("it is unhealthy", () -> !isHealthy(bridge));
      bridge.stop();
      assertFalse(isHealthy(bridge));
      assertFalse(Files.exists(bridge.directory().resolve("state/health")));
    }
  }

  @Test
  void isUnhealthyWhenItCannotSayHowItIs() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("BRIDGE_STATE_DIR", "/proc/nowhere")
                .start()
                .awaitListening()) {
      assertFalse(isHealthy(bridge, "/proc/nowhere"));
    }
  }

  @Test
  void aFrozenBridgeIsUnhealthyAndEnded() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening()) {
      Patience.until("it is healthy", () -> isHealthy(bridge));
      bridge.freeze();
      Patience.until("it is unhealthy", NOTICED, () -> !isHealthy(bridge));
      Patience.until(
          "it has been ended",
          NOTICED,
          () -> {
            int unused = check(bridge, "state", "--end-frozen");
            return !bridge.isRunning();
          });
      assertFalse(bridge.isListening());
    }
  }

  @Test
  void doesNotEndAnotherProcessThanTheOneThatHasFrozen() throws IOException {
    try (BridgeProcess stillStarting =
        BridgeProcess.connectingTo("tcp://127.0.0.1:9")
            .environment("BRIDGE_STATE_DIR", "elsewhere")
            .file("state/health", "")
            .start()) {
      Path leftOver = stillStarting.directory().resolve("state/health");
      Files.writeString(
          leftOver, "at=1\npid=%d\nstarted=1\nlistening=yes\n".formatted(stillStarting.id()));
      assertEquals(1, check(stillStarting, "state", "--end-frozen"));
      assertEquals(true, stillStarting.isRunning());
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "25, 1", "-25, 1"})
  void asksForNoTimeOfDay(int secondsAgo, int expected, @TempDir Path folder) throws IOException {
    long up = (long) Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0]);
    for (long at : new long[] {1, Instant.now().getEpochSecond(), 9_999_999_999L}) {
      Files.writeString(
          folder.resolve("health"),
          "at=%d\nup=%d\npid=1\nstarted=1\nlistening=yes\nslow=\nweb=\n"
              .formatted(at, up - secondsAgo));
      assertEquals(expected, check(folder, folder.toString()));
    }
  }

  @Test
  void looksAtTheWebPortToo() throws IOException {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .property("web.port", Integer.toString(port))
                .property("web.address", "0.0.0.0")
                .property("web.password", "only for tests")
                .start()
                .awaitListening()) {
      Patience.until("it is healthy", () -> isHealthy(bridge));
      Path file = bridge.directory().resolve("state/health");
      assertTrue(Files.readString(file).contains("\nweb=127.0.0.1 " + port + "\n"));
    }
  }

  @ParameterizedTest
  @CsvSource({"200, 0", "401, 0", "503, 1", "500, 1"})
  void believesWhatTheWebPortSays(int status, int expected, @TempDir Path folder)
      throws IOException {
    HttpServer web =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    List<String> asked = new CopyOnWriteArrayList<>();
    web.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          byte[] body = "{\"status\":\"?\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    web.start();
    try {
      assertEquals(expected, checkOf(folder, web.getAddress().getPort()));
      assertEquals(List.of("GET /observe/health"), asked);
    } finally {
      web.stop(0);
    }
  }

  @Test
  void doesNotWaitForAWebPortThatDoesNotAnswer(@TempDir Path folder) throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertEquals(1, checkOf(folder, silent.getLocalPort()));
    }
    assertEquals(1, checkOf(folder, FreePort.find()));
  }

  /** Of a bridge whose file says that all is well. */
  private static int checkOf(Path folder, int webPort) throws IOException {
    Files.writeString(
        folder.resolve("health"),
        "at=%d\npid=1\nstarted=1\nlistening=yes\nslow=\nweb=127.0.0.1 %d\n"
            .formatted(Instant.now().getEpochSecond(), webPort));
    return check(folder, folder.toString());
  }

  private static boolean isHealthy(BridgeProcess bridge) {
    return isHealthy(bridge, "state");
  }

  private static boolean isHealthy(BridgeProcess bridge, String stateFolder) {
    return check(bridge, stateFolder) == 0;
  }

  private static int check(BridgeProcess bridge, String stateFolder, String... arguments) {
    return check(bridge.directory(), stateFolder, arguments);
  }

  private static int check(Path directory, String stateFolder, String... arguments) {
    ProcessBuilder builder = new ProcessBuilder(SCRIPT.toString());
    builder.command().addAll(List.of(arguments));
    builder.environment().put("BRIDGE_STATE_DIR", stateFolder);
    builder.directory(directory.toFile());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    try {
      Process process = builder.start();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new AssertionError("the health check does not end");
      }
      return process.exitValue();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
