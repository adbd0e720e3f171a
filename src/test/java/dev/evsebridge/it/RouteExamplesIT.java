package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.docs.MarkdownFile;
import dev.evsebridge.docs.MarkdownFile.Block;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.RoutesFolder;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples of docs/routes.md do what is said there, saved into a running bridge. */
@RequiresMosquitto
class RouteExamplesIT {

  private static final String PINGS = "from_dehneEVSE/replies/examples";
  private static final Set<String> TRIED = new HashSet<>();
  private static @Nullable Mosquitto otherBroker;

  @RegisterExtension
  static final Installation installation =
      Installation.with(bridge -> bridge.property("my.other_broker", startOtherBroker()));

  private final String serial = Serials.next();
  private final RoutesFolder routes = new RoutesFolder(installation.bridge(), installation.probe());

  private static String startOtherBroker() {
    Mosquitto started = Mosquitto.started();
    otherBroker = started;
    return started.url();
  }

  @AfterEach
  void putTheFilesBack() {
    routes.putBack();
    Message unused = routes.awaitLookedAt();
  }

  @AfterAll
  static void eachExampleHasBeenTried() {
    if (otherBroker != null) {
      otherBroker.close();
    }
    assertEquals(examples().keySet(), TRIED);
  }

  @Test
  void readingsComeOnATopicPerCharger() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    load("Readings on a topic per charger");

    installation.probe().request(Messages.collect(serial));

    Message own = installation.probe().take(onTopic("from_dehneEVSE/" + serial + "/reading"));
    Message usual = installation.probe().take(message("response_collect_data", serial));
    assertEquals(usual.text(), own.text());
    assertTrue(charger.isOpen());
  }

  @Test
  void messagesAreLeftOut() {
    installation.charger(serial).answerLikeFirmware();
    load("Leave messages out");

    installation.probe().request(Messages.ping(serial), PINGS, "left out");
    installation.probe().request(Messages.collect(serial));

    assertEquals("response_ping", installation.probe().take(onTopic(PINGS)).field("message_type"));
    installation.probe().take(message("response_collect_data", serial));
    assertEquals(List.of(), installation.probe().untaken(message("response_ping", serial)));
  }

  @Test
  void readingsWithAFaultArePublishedToo() {
    RawCharger charger = installation.charger(serial);
    load("A line in the log when a charger reports a fault");

    charger.send(ChargerReading.typical().pilotVoltage(4).frame());
    charger.send(WireFrame.of(WireFrame.NOTIFY));

    Message reading = installation.probe().take(message("response_collect_data", serial));
    assertEquals("fault", reading.json().at("/measurements/pilot_voltage").asText());
    installation.probe().take(message("notify", serial));
    assertEquals(List.of(), installation.probe().untaken(errorOf(serial)));
  }

  @Test
  void readingsAreWrittenToAFile() {
    RawCharger charger = installation.charger(serial);
    load("Copy readings to a file");
    Path readings = installation.bridge().directory().resolve("readings");

    // The broker knows of the subscription a moment later than the route says that it is there.
    Patience.until(
        "a reading of " + serial + " is in a file",
        () -> {
          charger.send(ChargerReading.typical().frame());
          return Files.isDirectory(readings)
              && files(readings).stream().anyMatch(file -> holds(file, serial));
        });
  }

  private static boolean holds(Path file, String text) {
    try {
      return Files.readString(file).contains("response_collect_data\",\"client_id\":\"" + text);
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void readingsGoToASecondBroker() {
    RawCharger charger = installation.charger(serial);
    String url = Objects.requireNonNull(otherBroker).url();
    try (MqttProbe other = MqttProbe.builder(url).subscribingTo("copies/#").connect()) {
      load("Copy readings to a second broker");

      Patience.until(
          "a reading of " + serial + " is at the second broker",
          () -> {
            charger.send(ChargerReading.typical().frame());
            return !other
                .untaken(onTopic("copies/chargers").and(copy -> copy.isOf(serial)))
                .isEmpty();
          });
    }
  }

  @Test
  void requestsMayComeOnTopicsOfTheirOwn() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    load("Requests on topics of their own");
    String topic = "to_dehneEVSE/" + serial + "/pwm_percent";

    Patience.until(
        "the duty cycle has been set",
        () -> {
          installation.probe().publish(topic, "26".getBytes(UTF_8));
          return !installation
              .probe()
              .untaken(message("response_set_pwm_percent", serial))
              .isEmpty();
        });
    assertEquals(WireFrame.setPwm(26), charger.takeFrame());

    installation.probe().publish(topic, "101".getBytes(UTF_8));
    assertEquals("invalid_value", installation.probe().take(errorOf(serial)).field("error"));
    installation.probe().publish(topic, "26,\"client_id\":\"other\"".getBytes(UTF_8));
    installation.probe().take(refused("invalid_json"));
  }

  private static Predicate<Message> refused(String code) {
    return MqttProbe.error().and(error -> error.field("error").equals(code));
  }

  /** The examples by their headings. */
  private static Map<String, Block> examples() {
    MarkdownFile page = MarkdownFile.of("docs/routes.md");
    List<Block> blocks = page.blocks("yaml");
    return blocks.stream()
        // LibFolderIT tries it, with the jars that it needs.
        .filter(block -> !block.text().startsWith("# web-hook.yaml"))
        .collect(
            Collectors.toMap(
                block -> block.introduction().lines().findFirst().orElse("").replaceAll("^#+ ", ""),
                block -> block));
  }

  private void load(String heading) {
    Block example = examples().get(heading);
    if (example == null) {
      throw new AssertionError("docs/routes.md has no example " + heading);
    }
    TRIED.add(heading);
    String file =
        MarkdownFile.code(example.introduction()).stream()
            .filter(code -> code.startsWith("routes/"))
            .findFirst()
            .orElseThrow();
    Message unused = routes.load(file.substring("routes/".length()), example.text());
  }

  private static Set<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
