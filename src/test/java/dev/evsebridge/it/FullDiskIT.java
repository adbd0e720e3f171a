package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Nothing can be written: no journal, no heartbeat and no log. */
@RequiresMosquitto
class FullDiskIT {
  /** Journals are tried again every 10 s, energy every 30 s. */
  private static final Duration RETRIED = Duration.ofSeconds(60);

  @Test
  void controlsOnWhileNothingCanBeWrittenAndRemembersItAllAfterwards() throws Exception {
    String before = Serials.next();
    String during = Serials.next();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("CONTROL_MODE", "on")
                .environment("CONTROL_MAX_AMPS", "16")
                .start()
                .awaitListening()) {
      RawCharger first = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(before, 9);
      awaitAvailability(probe, before, "online");
      Patience.until("it is remembered", () -> journals(bridge, "online").contains(before));
      Patience.until("it is remembered", () -> journals(bridge, "chargers").contains(before));

      Path state = bridge.directory().resolve("state");
      WatchService attempts = state.getFileSystem().newWatchService();
      var unused =
          state.register(
              attempts, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
      limitFiles(bridge, "1");
      RawCharger second = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(during, 9);
      awaitAvailability(probe, during, "online");
      for (String each : new String[] {before, during}) {
        enable(probe, each);
        probe.request(Messages.ping(each));
        probe.take(message("response_ping", each));
      }
      awaitAttempts(attempts, "online", "chargers");
      assertTrue(journals(bridge, "online").contains(before), "what was there is lost");
      assertTrue(journals(bridge, "chargers").contains(before), "what was there is lost");

      limitFiles(bridge, "unlimited");
      Patience.until(
          "it is made up for", RETRIED, () -> journals(bridge, "online").contains(during));
      Patience.until(
          "it is made up for", RETRIED, () -> journals(bridge, "chargers").contains(during));
      for (String each : new String[] {before, during}) {
        Patience.until(
            "it is made up for",
            RETRIED,
            () -> journals(bridge, each).contains("\"enabled\":true"));
      }
      assertTrue(first.isOpen());
      assertTrue(second.isOpen());

      bridge.kill();
      bridge.start().awaitListening();
      awaitAvailability(probe, before, "offline");
      awaitAvailability(probe, during, "offline");
    }
  }

  @Test
  void controlsWhereThereIsNoFolderForItsState() {
    String serial = Serials.next();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("BRIDGE_STATE_DIR", "/proc/nowhere")
                .environment("CONTROL_MODE", "on")
                .environment("CONTROL_MAX_AMPS", "16")
                .start()
                .awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      awaitAvailability(probe, serial, "online");
      enable(probe, serial);
      assertTrue(charger.isOpen());
    }
  }

  private static void awaitAvailability(MqttProbe probe, String serial, String text) {
    assertEquals(
        text,
        probe
            .take(
                onTopic(MqttProbe.MESSAGE_TOPIC + "/" + serial + "/availability")
                    .and(each -> each.text().equals(text)))
            .text());
  }

  private static void enable(MqttProbe probe, String serial) {
    probe.publish(
        MqttProbe.REQUEST_TOPIC + "/" + serial + "/set/enabled",
        "true".getBytes(StandardCharsets.UTF_8));
    probe.take(
        onTopic(MqttProbe.MESSAGE_TOPIC + "/" + serial + "/state")
            .and(each -> each.text().contains("\"enabled\":true")));
  }

  /** Waits until the bridge has tried to write these journals anew. */
  private static void awaitAttempts(WatchService attempts, String... journals) {
    Set<String> awaited = new HashSet<>(Set.of(journals));
    Patience.until(
        "it has tried to write",
        RETRIED,
        () -> {
          WatchKey key = attempts.poll();
          if (key != null) {
            for (WatchEvent<?> event : key.pollEvents()) {
              awaited.removeIf(journal -> String.valueOf(event.context()).startsWith(journal));
            }
            key.reset();
          }
          return awaited.isEmpty();
        });
  }

  /** As on a disk that is full: no file can be longer. */
  private static void limitFiles(BridgeProcess bridge, String bytes)
      throws IOException, InterruptedException {
    Process prlimit =
        new ProcessBuilder("prlimit", "--pid", Long.toString(bridge.id()), "--fsize=" + bytes + ":")
            .inheritIO()
            .start();
    assertEquals(0, prlimit.waitFor());
  }

  /** What stands in those files of the folder for the state whose path holds this. */
  private static String journals(BridgeProcess bridge, String name) {
    try (Stream<Path> files = Files.walk(bridge.directory().resolve("state"))) {
      return files
          .filter(file -> file.toString().contains(name) && !file.toString().endsWith(".new"))
          .filter(Files::isRegularFile)
          .map(FullDiskIT::read)
          .collect(Collectors.joining());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException beingReplaced) {
      return "";
    }
  }
}
