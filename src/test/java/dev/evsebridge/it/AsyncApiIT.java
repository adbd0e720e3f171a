package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.evsebridge.testkit.AsyncApi;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The AsyncAPI document is valid, and everything that the bridge publishes is as it says. */
@RequiresMosquitto
class AsyncApiIT {
  private static final Path TOOLS =
      AsyncApi.FILE.resolveSibling("../target/asyncapi").normalize().toAbsolutePath();

  private static final int VOLT_12 = 0;
  private static final int VOLT_9 = 1;
  private static final int VOLT_6 = 2;

  /** An interlock waits whether the vehicle asks again. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final AsyncApi api = AsyncApi.read();
  private final String serial = Serials.next();

  @Test
  void isValid() throws Exception {
    assumeTrue(run(Path.of(""), 30, "node", "--version") == 0, "Node.js is not installed");
    Files.createDirectories(TOOLS);
    for (String file : List.of("package.json", "validate.js")) {
      try (var content =
          Objects.requireNonNull(getClass().getResourceAsStream("/asyncapi/" + file))) {
        Files.copy(content, TOOLS.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    assumeTrue(
        run(TOOLS, 180, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund") == 0,
        "npm can't install @asyncapi/parser: is there no network?");

    int status = run(TOOLS, 120, "node", "validate.js", AsyncApi.FILE.toString());
    assertEquals(0, status, () -> output());
  }

  private static int run(Path folder, int patienceSeconds, String... command)
      throws InterruptedException {
    try {
      Files.createDirectories(TOOLS);
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toAbsolutePath().toFile())
              .redirectErrorStream(true)
              .redirectOutput(TOOLS.resolve("output.txt").toFile())
              .start();
      if (!process.waitFor(patienceSeconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return -1;
      }
      return process.exitValue();
    } catch (IOException notInstalled) {
      return -1;
    }
  }

  private static String output() {
    try {
      return Files.readString(TOOLS.resolve("output.txt"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void describesWhatTheBridgePublishes() {
    try (Installation installation = Installation.asDelivered().start()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      MqttProbe probe = installation.probe();
      List<Message> seen = new ArrayList<>();
      charger.send(WireFrame.of(WireFrame.NOTIFY));
      seen.add(probe.take(message("notify", serial)));
      for (String request :
          List.of(
              Messages.ping(serial),
              Messages.setPwm(serial, 26),
              Messages.setContactor(serial, true),
              Messages.collect(serial),
              Messages.setContactor(serial, false),
              Messages.firmware(serial, new byte[64], 1),
              Messages.firmware(serial, new byte[64]))) {
        probe.request(request);
      }
      seen.add(probe.take(errorOf(serial)));
      for (String verb : List.of("health", "discovery", "forget")) {
        probe.publish(
            "to_dehneEVSE/bridge/request/" + verb,
            "{\"transaction\":{\"any\":1}}".getBytes(StandardCharsets.UTF_8));
        seen.add(probe.take(onTopic("from_dehneEVSE/bridge/response/" + verb)));
      }
      seen.add(takeFirmware(probe, "restarting"));
      installation
          .connect()
          .answerLikeFirmware(ChargerReading.typical().uptime(0), 10)
          .hello(serial, 10);
      seen.add(takeFirmware(probe, "done"));
      seen.add(
          probe.take(
              onTopic("from_dehneEVSE/bridge/chargers").and(each -> !each.json().isEmpty())));
      seen.addAll(probe.untaken(each -> true));

      assertEquals(Map.of(), misfits(seen));
      assertEquals(
          Set.of(),
          missing(
              seen,
              "messages",
              "errors",
              "bridgeAvailability",
              "bridgeInfo",
              "bridgeChargers",
              "bridgeHealth",
              "bridgeResponseDiscovery",
              "bridgeResponseForget",
              "bridgeResponseHealth",
              "chargerAvailability",
              "state",
              "firmware"));
      assertTrue(charger.awaitClosed() != null);
    }
  }

  @Test
  void describesWhatTheBridgePublishesOfAVehicle() {
    try (Installation installation =
        Installation.with(
                bridge ->
                    bridge
                        .property("evse.interlock", "on")
                        .property("sensors.current_l1", "0,100,1")
                        .property("sensors.voltage_l1", "0,100,1"))
            .start()) {
      ChargerReading reading = ChargerReading.typical().pilotVoltage(VOLT_6).contactor(0);
      MqttProbe probe = installation.probe();
      List<Message> seen = new ArrayList<>();
      // The interlock asks for a reading as soon as the charger is there.
      installation.connect().answerLikeFirmware(reading, 9).hello(serial, 9);
      probe.take(message("response_collect_data", serial));
      reading.log("5: started\0no time at all\0");
      probe.request(Messages.collect(serial));
      probe.request(Messages.setPwm(serial, 26));
      probe.request(Messages.setContactor(serial, true));
      seen.add(probe.take(message("response_set_contactor_state", serial)));
      reading.pilotVoltage(VOLT_9);
      probe.request(Messages.collect(serial));
      seen.add(probe.take(onTopic("from_dehneEVSE/" + serial + "/interlock"), LIMIT));
      reading.pilotVoltage(VOLT_12);
      probe.request(Messages.collect(serial));
      seen.add(probe.take(onTopic("from_dehneEVSE/" + serial + "/session"), LIMIT));
      probe.request(Messages.setContactor(serial, true));
      seen.add(probe.take(errorOf(serial)));
      seen.addAll(probe.untaken(each -> true));

      assertEquals(Map.of(), misfits(seen));
      assertEquals(
          Set.of(), missing(seen, "messages", "errors", "state", "session", "log", "interlock"));
    }
  }

  private Message takeFirmware(MqttProbe probe, String state) {
    return probe.take(
        onTopic("from_dehneEVSE/" + serial + "/firmware")
            .and(each -> each.field("state").equals(state)));
  }

  /** What is not as it must be, by topic. */
  private Map<String, List<String>> misfits(List<Message> messages) {
    Map<String, List<String>> misfits = new TreeMap<>();
    for (Message each : messages) {
      List<String> wrong = misfits(each);
      if (!wrong.isEmpty()) {
        misfits.put(each.topic(), wrong);
      }
    }
    return misfits;
  }

  private List<String> misfits(Message message) {
    String channel = api.channelOf(message.topic());
    if (channel.isEmpty()) {
      return List.of("there is no channel for it");
    }
    Set<String> names = api.messagesOf(channel);
    String type = message.field("message_type");
    String name = names.contains(type) ? type : names.iterator().next();
    JsonNode described = api.at("components/messages/" + name);
    boolean text = described.path("contentType").asText().equals("text/plain");
    JsonNode payload = text ? TextNode.valueOf(message.text()) : message.json();
    List<String> misfits = new ArrayList<>(api.misfits(name, payload));
    JsonNode example = described.path("examples").path(0).path("payload");
    if (example.isObject() && !name.equals("error") && !name.equals("bridge_response")) {
      if (!keys(example).equals(keys(payload))) {
        misfits.add("its keys are not those of the example: " + payload);
      }
    }
    JsonNode mqtt = operation(channel).path("bindings").path("mqtt");
    if (mqtt.path("qos").asInt() != message.qos()) {
      misfits.add("QoS " + message.qos());
    }
    return misfits;
  }

  private JsonNode operation(String channel) {
    for (String name : api.keys("operations")) {
      JsonNode operation = api.at("operations/" + name);
      if (operation.path("channel").path("$ref").asText().endsWith("/" + channel)) {
        return operation;
      }
    }
    throw new AssertionError("no operation on " + channel);
  }

  private static List<String> keys(JsonNode object) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  private Set<String> missing(List<Message> messages, String... channels) {
    Set<String> missing = new TreeSet<>();
    Collections.addAll(missing, channels);
    messages.forEach(each -> missing.remove(api.channelOf(each.topic())));
    return missing;
  }
}
