package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.RequiresMosquitto;
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

  private static BridgeProcess.Builder launcher() {
    return launcher(BridgeProcess.builder());
  }

  private static BridgeProcess.Builder launcher(BridgeProcess.Builder bridge) {
    return bridge.byLauncher().environment("CLASS_ARCHIVE", ARCHIVE);
  }
}
