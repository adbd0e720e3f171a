package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script that starts the bridge with a small heap and an archive of its classes. */
class LauncherIT {
  private static final String ARCHIVE = "classes.jsa";

  /** The script takes a smaller one for a run that has ended at once. */
  private static final int SIZE_OF_AN_ARCHIVE = 21_000_000;

  private static final Duration WRITING_AN_ARCHIVE = Duration.ofSeconds(60);

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseParallelGC", "-Xmx64m", "-Xmx64m -Xss1m"})
  void leavesTheChoiceOfMemoryAndCollectorToTheUser(String javaOptions) {
    try (BridgeProcess bridge =
        launcher().environment("JAVA_OPTS", javaOptions).arguments("--version").start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
    }
  }

  @Test
  void endsWithTheStatusOfTheBridge() {
    try (BridgeProcess bridge = launcher().arguments("--no-such-option").start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
    }
  }

  @Test
  @RequiresMosquitto
  void keepsTheClassesOfTheFirstRunForTheNextOne() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            launcher(BridgeProcess.connectingTo(mosquitto)).start().awaitListening()) {
      Path archive = bridge.directory().resolve(ARCHIVE);
      assertFalse(bridge.usesFile(archive));
      bridge.requestStop();
      bridge.exitStatus(WRITING_AN_ARCHIVE);

      bridge.start().awaitListening();

      assertTrue(bridge.usesFile(archive), bridge::output);
    }
  }

  @Test
  void startsWithoutAnArchiveThatIsDamaged() {
    try (BridgeProcess bridge =
        launcher()
            .file(ARCHIVE + ".new", "x".repeat(SIZE_OF_AN_ARCHIVE))
            .arguments("--version")
            .start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      assertFalse(Files.exists(bridge.directory().resolve(ARCHIVE)));
    }
  }

  @Test
  void leavesNoArchiveOfARunThatEndsAtOnce() {
    try (BridgeProcess bridge = launcher().arguments("--init").start()) {
      assertEquals(0, bridge.exitStatus(), bridge::output);
      assertFalse(Files.exists(bridge.directory().resolve(ARCHIVE + ".new")));
    }
  }

  @Test
  void saysWhereThereIsNoJava() {
    try (BridgeProcess bridge = launcher().environment("JAVA_HOME", "/nonexistent").start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      assertEquals(1, bridge.output().strip().lines().count(), bridge::output);
      assertTrue(bridge.output().contains("/nonexistent"), bridge::output);
    }
  }

  @Test
  void saysThatJavaIsTooOld() throws IOException {
    Path home = Files.createTempDirectory("old-java");
    Path java = Files.createDirectory(home.resolve("bin")).resolve("java");
    try {
      Files.writeString(java, "#!/bin/sh\nexit 0\n");
      assertTrue(java.toFile().setExecutable(true));
      Files.writeString(home.resolve("release"), "JAVA_VERSION=\"1.8.0_392\"\n");
      try (BridgeProcess bridge = launcher().environment("JAVA_HOME", home.toString()).start()) {
        assertEquals(2, bridge.exitStatus(), bridge::output);
        assertEquals(1, bridge.output().strip().lines().count(), bridge::output);
        assertTrue(bridge.output().contains("1.8.0_392"), bridge::output);
      }
    } finally {
      Files.deleteIfExists(java);
      Files.deleteIfExists(home.resolve("release"));
      Files.deleteIfExists(home.resolve("bin"));
      Files.deleteIfExists(home);
    }
  }

  @Test
  @RequiresMosquitto
  void findsABrokerWhoseNameHoldsAnUnderscore() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            launcher(BridgeProcess.connectingTo("mqtt_broker:" + mosquitto.port()))
                .file("hosts", "127.0.0.1 mqtt_broker\n")
                .environment("JAVA_OPTS", "-Djdk.net.hosts.file=hosts")
                .start()
                .awaitListening()) {
      assertTrue(bridge.isListening());
    }
  }

  @Test
  @RequiresMosquitto
  void listensWhereThereIsNoIpv6() {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge =
            launcher(BridgeProcess.builder())
                .awaitedOn(port)
                .arguments("-p", Integer.toString(port), "-h", mosquitto.url())
                .environment("JAVA_OPTS", "-Djava.net.preferIPv4Stack=true")
                .start()
                .awaitListening()) {
      assertTrue(bridge.isListening());
    }
  }

  @Test
  void refusesAnIpv6AddressWhereThereIsNoIpv6() {
    try (BridgeProcess bridge =
        launcher()
            .arguments("-a", "[::]", "-p", Integer.toString(FreePort.find()))
            .environment("JAVA_OPTS", "-Djava.net.preferIPv4Stack=true")
            .start()) {
      assertEquals(2, bridge.exitStatus(), bridge::output);
      assertTrue(bridge.output().contains("evse.bind_address"), bridge::output);
    }
  }

  private static BridgeProcess.Builder launcher() {
    return launcher(BridgeProcess.builder());
  }

  private static BridgeProcess.Builder launcher(BridgeProcess.Builder bridge) {
    return bridge.byLauncher().environment("CLASS_ARCHIVE", ARCHIVE);
  }
}
