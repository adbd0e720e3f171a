package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {
  /** Java can't open such a socket either. */
  private static final String RECEIVER =
      """
      import os, socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind(sys.argv[1])
      print("bound", flush=True)
      while True:
          print(s.recv(4096).decode().replace("\\n", " "), flush=True)
      """;

  private final Path folder;

  ServiceManagerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void saysHowTheServiceIs() throws IOException {
    assumeTrue(hasProgram("systemd-notify"), "systemd is not installed");
    assumeTrue(hasProgram("python3"), "Python is not installed");
    Path socket = folder.resolve("notify");
    Process receiver = new ProcessBuilder("python3", "-c", RECEIVER, socket.toString()).start();
    try (BufferedReader received = receiver.inputReader(StandardCharsets.UTF_8)) {
      assertEquals("bound", received.readLine());
      ServiceManager systemd = withSocket(socket.toString(), "30000000");

      systemd.ready("Listening");
      systemd.alive("All is well");
      systemd.stopping();

      assertEquals("READY=1 STATUS=Listening", nextOf(received));
      assertEquals("WATCHDOG=1 STATUS=All is well", nextOf(received));
      assertEquals("STOPPING=1 STATUS=Stopping", nextOf(received));
    } finally {
      receiver.destroyForcibly();
    }
  }

  @Test
  void doesNothingWithoutAServiceManager() {
    ServiceManager none = new ServiceManager(Map.of("WATCHDOG_USEC", "1000"));
    none.ready("Listening");
    assertTrue(none.watchdogPeriod().compareTo(Duration.ofDays(1_000)) > 0);
  }

  @Test
  void knowsHowOftenItIsToSaySomething() {
    assertEquals(Duration.ofSeconds(30), withSocket("/x", "30000000").watchdogPeriod());
    for (String unusable : new String[] {"", "0", "-1", "soon"}) {
      assertTrue(withSocket("/x", unusable).watchdogPeriod().compareTo(Duration.ofDays(1_000)) > 0);
    }
  }

  @Test
  void goesOnWhenNobodyListens() {
    withSocket(folder.resolve("nobody").toString(), "").alive("All is well");
  }

  private static ServiceManager withSocket(String socket, String watchdogMicros) {
    return new ServiceManager(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", watchdogMicros));
  }

  /** systemd-notify also asks whether what it has sent has been read. */
  private static String nextOf(BufferedReader received) throws IOException {
    String line = received.readLine();
    while ("BARRIER=1".equals(line)) {
      line = received.readLine();
    }
    return line;
  }

  private static boolean hasProgram(String name) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }
}
