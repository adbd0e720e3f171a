package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bridge says what it is, whom it knows and how it does, and can be asked. */
@RequiresMosquitto
class BridgeTopicsIT {
  private static final String BRIDGE = "from_dehneEVSE/bridge/";
  private static final String SECRET = "hunter2-my-secret";

  @RegisterExtension
  static final Installation installation =
      Installation.with(
          bridge ->
              bridge
                  .environment("MQTT_USERNAME", "somebody")
                  .environment("MQTT_PASSWORD", SECRET)
                  .toml("[ control.id_10BA23AB50534D53302E3120FF162332 ]", "max_amps = 13"));

  private final String serial = Serials.next();

  @Test
  void saysWhatItIsWithoutSecrets() {
    Message info = kept("info");

    assertEquals(
        List.of(
            "version",
            "started",
            "mqtt_client_id",
            "topics",
            "java",
            "camel",
            "features",
            "settings"),
        keys(info.json()));
    assertTrue(info.field("version").matches("\\d+\\.\\d+.*"), info::toString);
    assertTrue(info.field("camel").matches("\\d+\\.\\d+.*"), info::toString);
    assertNotEquals(info.field("version"), info.field("camel"));
    assertEquals("dehneevse_mqtt_bridge", info.field("mqtt_client_id"));
    assertEquals("from_dehneEVSE", info.json().path("topics").path("publish").asText());
    assertEquals("to_dehneEVSE", info.json().path("topics").path("subscribe").asText());
    assertFalse(Instant.parse(info.field("started")).isAfter(Instant.now()));
    JsonNode settings = info.json().path("settings");
    assertEquals("somebody", settings.path("mqtt.username").asText());
    assertEquals("120s", settings.path("evse.firmware_timeout").asText());
    assertEquals(
        "13", settings.path("control.id_10BA23AB50534D53302E3120FF162332.max_amps").asText());
    assertTrue(settings.path("mqtt.password").isMissingNode());
    assertFalse(info.text().contains(SECRET));
    assertNull(info.properties().getMessageExpiryInterval());
  }

  @Test
  void saysHowItDoesRightAfterItHasConnected() {
    Message health = kept("health");

    assertEquals(
        List.of(
            "time",
            "started",
            "chargers_connected",
            "errors_total",
            "messages_lost_total",
            "buffered",
            "requests_total",
            "heap_used_mb"),
        keys(health.json()));
    assertTrue(health.json().path("heap_used_mb").asLong() > 0);
    long expiry = health.properties().getMessageExpiryInterval();
    assertTrue(expiry > 0 && expiry <= 180, () -> "expiry " + expiry);
  }

  @Test
  void saysAllThatWithTheConnectionAndNotAMinuteLater() {
    try (Installation own = Installation.asDelivered().start()) {
      for (String name : List.of("info", "health", "chargers")) {
        own.probe().take(onTopic(BRIDGE + name));
      }
    }
  }

  @Test
  void countsWhatItHasDone() {
    JsonNode before = data(ask("health", "{}"));
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.ping(serial));
    installation.probe().take(message("response_ping", serial));
    installation.probe().request(Messages.ping(serial + "?"));
    installation.probe().take(errorOf(serial + "?"));

    JsonNode after = data(ask("health", ""));
    assertEquals(1, grown(before, after, "errors_total"));
    assertEquals(2, grown(before, after, "requests_total"));
    assertEquals(0, grown(before, after, "messages_lost_total"));
    assertTrue(after.path("chargers_connected").asInt() >= 1);
    assertTrue(charger.isOpen());
  }

  private static long grown(JsonNode before, JsonNode after, String key) {
    return after.path(key).asLong() - before.path(key).asLong();
  }

  @Test
  void listsChargersWhetherTheyAreConnectedOrNot() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    charger.send(WireFrame.of(WireFrame.NOTIFY));
    JsonNode listed = listed(true);
    assertEquals(
        List.of("client_id", "serial", "firmware_version", "connected", "control", "last_seen"),
        keys(listed));
    assertEquals(serial, listed.path("serial").asText());
    assertEquals(9, listed.path("firmware_version").asInt());
    assertFalse(listed.path("control").asBoolean());
    assertFalse(Instant.parse(listed.path("last_seen").asText()).isAfter(Instant.now()));

    charger.close();
    listed(false);
    kept("chargers");
  }

  /** Each takes some 150 bytes in the list, and the bridge itself takes packets of up to 1 MiB. */
  @Test
  void listsThousandsOfChargersThatItRemembers() {
    int count = 7_500;
    String remembered = remembered(count);
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe =
            MqttProbe.builder(mosquitto.url()).subscribingTo(BRIDGE + "chargers").connect();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .file("state/chargers.txt", remembered)
                .start()
                .awaitListening()) {
      Message list = probe.take(onTopic(BRIDGE + "chargers"));
      assertEquals(count, list.json().size());
      assertTrue(list.text().length() > 1024 * 1024, () -> "only " + list.text().length());
      assertTrue(bridge.isRunning());
    }
  }

  /** What a bridge leaves behind that has known so many chargers. */
  private static String remembered(int count) {
    StringBuilder once = new StringBuilder();
    once.append(journalLine("journal", "\"chargers\":" + count));
    for (int i = 0; i < count; i++) {
      String serial = Serials.next();
      once.append(journalLine(serial, "\"client_id\":\"" + serial + "\",\"firmware_version\":9"));
    }
    return once.toString().repeat(2);
  }

  private static String journalLine(String key, String fields) {
    String json = "{\"topic_root\":\"from_dehneEVSE\"," + fields + "}";
    CRC32 checksum = new CRC32();
    checksum.update((json + " " + key).getBytes(StandardCharsets.UTF_8));
    return "%s %08X %s\n".formatted(key, checksum.getValue(), json);
  }

  /** How the list has it, as soon as it has it so. */
  private JsonNode listed(boolean connected) {
    Message list =
        installation
            .probe()
            .take(
                onTopic(BRIDGE + "chargers")
                    .and(each -> entry(each).path("connected").asBoolean(!connected) == connected));
    return entry(list);
  }

  private JsonNode entry(Message list) {
    for (JsonNode each : list.json()) {
      if (each.path("client_id").asText().equals(serial)) {
        return each;
      }
    }
    return MissingNode.getInstance();
  }

  @Test
  void listsAbsentChargersAtOnceAfterARestart() {
    try (Installation own = Installation.asDelivered().start()) {
      own.charger(serial).answerLikeFirmware();
      own.probe().request(Messages.collect(serial));
      Message state = own.probe().take(onTopic("from_dehneEVSE/" + serial + "/state"));
      int unused = own.bridge().stop();
      own.probe().take(onTopic(BRIDGE + "availability").and(each -> each.text().equals("offline")));
      own.probe().forget();
      own.bridge().start();

      JsonNode listed = entry(own.probe().take(onTopic(BRIDGE + "chargers")));
      assertFalse(listed.path("connected").asBoolean(true));
      assertEquals(serial, listed.path("serial").asText());
      assertEquals(9, listed.path("firmware_version").asInt());
      assertEquals(
          Instant.parse(state.field("time")).truncatedTo(ChronoUnit.SECONDS),
          Instant.parse(listed.path("last_seen").asText()));
    }
  }

  @Test
  void namesTheFeaturesThatAreOn() {
    assertEquals(List.of("state_topics"), features(kept("info")));
    try (Installation own =
        Installation.with(
                bridge ->
                    bridge
                        .property("web.port", Integer.toString(FreePort.find()))
                        .property("evse.interlock", "on")
                        .property("homeassistant.discovery", "true"))
            .start()) {
      assertEquals(
          Set.of("state_topics", "interlock", "homeassistant", "web"),
          Set.copyOf(features(own.probe().take(onTopic(BRIDGE + "info")))));
    }
  }

  private static List<String> features(Message info) {
    List<String> features = new ArrayList<>();
    info.json().path("features").forEach(each -> features.add(each.asText()));
    return features;
  }

  @Test
  void forgetsAChargerThatIsNotConnected() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.collect(serial));
    installation.probe().take(message("response_collect_data", serial));
    listed(true);
    JsonNode refused = ask("forget", "{\"client_id\":\"%s\"}".formatted(serial)).json();
    assertEquals("error", refused.path("status").asText());
    assertEquals("invalid_value", refused.path("error").asText());

    charger.close();
    listed(false);
    for (String topic : List.of("availability", "state", "firmware")) {
      assertTrue(isKept(serial + "/" + topic), topic);
    }
    JsonNode done =
        ask("forget", "{\"client_id\":\"%s\",\"transaction\":\"t 1\"}".formatted(serial)).json();

    assertEquals("ok", done.path("status").asText());
    assertEquals("t 1", done.path("transaction").asText());
    for (String topic : List.of("availability", "state", "firmware")) {
      installation
          .probe()
          .take(
              onTopic("from_dehneEVSE/" + serial + "/" + topic)
                  .and(each -> each.payload().length == 0));
      assertFalse(isKept(serial + "/" + topic), topic);
    }
    installation
        .probe()
        .take(onTopic(BRIDGE + "chargers").and(each -> entry(each).isMissingNode()));
  }

  @Test
  void forgetsAChargerThatWasNeverRead() {
    installation.charger(serial).send(WireFrame.of(WireFrame.NOTIFY)).close();
    listed(false);
    Message done = ask("forget", "{\"client_id\":\"%s\"}".formatted(serial));

    assertEquals("ok", done.field("status"), done::toString);
    for (String topic : List.of("availability", "firmware")) {
      installation
          .probe()
          .take(
              onTopic("from_dehneEVSE/" + serial + "/" + topic)
                  .and(each -> each.payload().length == 0));
      assertFalse(isKept(serial + "/" + topic), topic);
    }
  }

  /** Whether something stands retained there; the bridge's own availability always does. */
  private boolean isKept(String topic) {
    try (MqttProbe later =
        MqttProbe.builder(installation.mosquitto().url())
            .subscribingTo("from_dehneEVSE/" + topic)
            .subscribingTo(BRIDGE + "availability")
            .connect()) {
      later.take(onTopic(BRIDGE + "availability"));
      return !later.untaken(onTopic("from_dehneEVSE/" + topic)).isEmpty();
    }
  }

  @Test
  void publishesEverythingAgainOnDemand() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.collect(serial));
    installation.probe().take(onTopic("from_dehneEVSE/" + serial + "/state"));
    installation.probe().take(onTopic("from_dehneEVSE/" + serial + "/firmware"));
    listed(true);
    installation.probe().forget();

    assertEquals("ok", ask("discovery", "").json().path("status").asText());
    installation.probe().take(onTopic(BRIDGE + "info"));
    installation.probe().take(onTopic(BRIDGE + "chargers"));
    installation.probe().take(onTopic("from_dehneEVSE/" + serial + "/state"));
    installation.probe().take(onTopic("from_dehneEVSE/" + serial + "/firmware"));
    assertTrue(charger.isOpen());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "forget    | {                   | invalid_json",
        "forget    | {}                  | missing_field",
        "forget    | {\"client_id\":7}     | invalid_value",
        "forget    | {\"client_id\":\"no\"}  | invalid_value",
        "discovery | []                  | invalid_json",
        "restart   | {}                  | unknown_message_type"
      })
  void saysWhatIsWrongWithARequest(String verb, String payload, String error) {
    JsonNode response = ask(verb, payload).json();

    assertEquals("error", response.path("status").asText());
    assertEquals(error, response.path("error").asText());
    assertTrue(response.path("data").isObject());
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.error()));
  }

  @Test
  void answersOnTheResponseTopicAsWell() {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic("from_dehneEVSE/replies/" + serial);
    properties.setCorrelationData("c".getBytes(StandardCharsets.UTF_8));
    installation
        .probe()
        .publish(
            "to_dehneEVSE/bridge/request/health",
            new MqttMessage(new byte[0], 1, false, properties));

    Message reply = installation.probe().take(onTopic("from_dehneEVSE/replies/" + serial));
    assertEquals("c", reply.correlation());
    assertEquals(
        installation.probe().take(onTopic(BRIDGE + "response/health")).text(), reply.text());
  }

  @Test
  void neverCarriesOutWhatTheBrokerHasStored() {
    try (Installation own = Installation.asDelivered().start()) {
      own.bridge().kill();
      own.probe()
          .publishRetained(
              "to_dehneEVSE/bridge/request/forget",
              "{\"client_id\":\"x\"}".getBytes(StandardCharsets.UTF_8));
      own.bridge().start().awaitListening();

      Message response = own.probe().take(onTopic(BRIDGE + "response/forget"));
      assertEquals("retained_request", response.field("error"));
      assertFalse(response.retained());
    }
  }

  @Test
  void saysNothingButAvailabilityWhenStateTopicsAreOff() {
    try (Installation plain =
        Installation.with(bridge -> bridge.environment("BRIDGE_STATE_TOPICS", "false")).start()) {
      RawCharger charger = plain.charger(serial).answerLikeFirmware();
      plain.probe().request(Messages.collect(serial));
      plain.probe().take(message("response_collect_data", serial));
      plain.probe().publish("to_dehneEVSE/bridge/request/health", new byte[0]);
      plain.probe().take(onTopic(BRIDGE + "response/health"));

      assertEquals(
          List.of(),
          plain.probe().untaken(each -> !each.topic().endsWith("/availability")).stream()
              .filter(each -> !each.topic().equals("from_dehneEVSE"))
              .toList());
      assertTrue(charger.isOpen());
    }
  }

  private Message ask(String verb, String payload) {
    installation
        .probe()
        .publish("to_dehneEVSE/bridge/request/" + verb, payload.getBytes(StandardCharsets.UTF_8));
    return installation.probe().take(onTopic(BRIDGE + "response/" + verb));
  }

  private static JsonNode data(Message response) {
    assertEquals("ok", response.field("status"), response::toString);
    return response.json().path("data");
  }

  /** What somebody finds who comes later. */
  private static Message kept(String name) {
    try (MqttProbe later =
        MqttProbe.builder(installation.mosquitto().url()).subscribingTo(BRIDGE + name).connect()) {
      Message kept = later.take(onTopic(BRIDGE + name));
      assertTrue(kept.retained());
      assertEquals(1, kept.qos());
      return kept;
    }
  }

  private static List<String> keys(JsonNode object) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    return keys;
  }
}
