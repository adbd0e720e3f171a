package dev.evsebridge.state.homeassistant;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Home Assistant is told, when, and what is taken back. */
class HomeAssistantTest {

  private static final String CONTROL = "control.mode=on\ncontrol.max_amps=16";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SerialNumber GARAGE = new SerialNumber("10BA23AB50534D53302E3120FF162332");
  private static final SerialNumber CARPORT = new SerialNumber("10BA23AB50534D53302E3120FF162333");
  private static final String GARAGE_ID = ChargerDevice.id(GARAGE);
  private static final String CARPORT_ID = ChargerDevice.id(CARPORT);
  private static final String BRIDGE_ID = "dehneevse_mqtt_bridge";

  private static final HomeAssistant.Timing QUICK =
      new HomeAssistant.Timing(
          Duration.ofMillis(1),
          Duration.ofMillis(5),
          Duration.ofMillis(50),
          Duration.ofMillis(200),
          Duration.ofMillis(50));

  private final Path folder;

  /** What was said in which order: a device with its description, or "state" and a client id. */
  private final LinkedBlockingQueue<Said> said = new LinkedBlockingQueue<>();

  private final LinkedBlockingQueue<String> cleared = new LinkedBlockingQueue<>();
  private final Map<String, String> storedAtBroker = new TreeMap<>();

  /** The client ids of chargers that other bridges have. */
  private final Set<String> atOthers = ConcurrentHashMap.newKeySet();

  private @Nullable HomeAssistant running;

  private record Said(String what, @Nullable JsonNode payload) {}

  HomeAssistantTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void stop() {
    if (running != null) {
      running.stop();
    }
  }

  @Test
  void announcesTheBridgeBeforeItsChargers() {
    HomeAssistant discovery = start("");
    discovery.proven(GARAGE, 9);
    discovery.brokerConnected();

    assertEquals(BRIDGE_ID, next().what());
    assertEquals(GARAGE_ID, next().what());
  }

  @Test
  void announcesAChargerWithItsFirstValidFrameAndOnlyOnce() {
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    assertEquals(BRIDGE_ID, next().what());

    discovery.proven(GARAGE, 9);
    assertEquals(GARAGE_ID, next().what());
    discovery.proven(GARAGE, 9);
    discovery.proven(CARPORT, 9);
    assertEquals(CARPORT_ID, next().what());
  }

  @Test
  void saysNothingOfAChargerThatAnotherBridgeHasUntilItMovesHere() {
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 9);
    next(GARAGE_ID);

    atOthers.add(GARAGE.hex());
    discovery.movedHere(GARAGE.hex());
    discovery.proven(GARAGE, 10);
    discovery.republish();
    discovery.proven(CARPORT, 9);
    List<String> heard = new ArrayList<>();
    do {
      heard.add(next().what());
    } while (!heard.contains(CARPORT_ID));
    assertTrue(heard.contains(BRIDGE_ID), heard::toString);
    assertFalse(heard.contains(GARAGE_ID), heard::toString);

    atOthers.clear();
    discovery.movedHere(CARPORT.hex() + "?");
    discovery.movedHere(GARAGE.hex());
    assertEquals("10", next(GARAGE_ID).path("device").path("sw_version").asText());
  }

  @Test
  void announcesAChargerAgainWithItsNewFirmware() {
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 8);
    assertEquals("8", next(GARAGE_ID).path("device").path("sw_version").asText());

    discovery.proven(GARAGE, 9);
    assertEquals("9", next(GARAGE_ID).path("device").path("sw_version").asText());
  }

  @Test
  void announcesEverythingAfterEachReturnOfTheBroker() {
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 9);
    next(GARAGE_ID);

    discovery.brokerLost();
    discovery.proven(CARPORT, 9);
    discovery.brokerConnected();
    assertEquals(
        List.of(BRIDGE_ID, GARAGE_ID, CARPORT_ID),
        List.of(next().what(), next().what(), next().what()));
  }

  @Test
  void tellsHomeAssistantEverythingAgainWhenItHasStartedAndThenAllStates() {
    HomeAssistant discovery = start("evse_name.id_" + GARAGE + "=Garage");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 9);
    discovery.proven(CARPORT, 9);
    next(CARPORT_ID);

    discovery.heard("offline".getBytes(UTF_8));
    discovery.heard("online".getBytes(UTF_8));
    List<String> heard = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      heard.add(next().what());
    }
    assertEquals(
        List.of(BRIDGE_ID, GARAGE_ID, CARPORT_ID, "state Garage", "state " + CARPORT), heard);
  }

  @Test
  void remembersChargersThatAreAwayAndTellsOfTheirNewNames() {
    HomeAssistant before = start("evse_name.id_" + GARAGE + "=Garage");
    before.brokerConnected();
    before.proven(GARAGE, 7);
    next(GARAGE_ID);

    restart("evse_name.id_" + GARAGE + "=Car port").brokerConnected();

    JsonNode device = next(GARAGE_ID);
    assertEquals("Car port", device.path("device").path("name").asText());
    assertEquals("7", device.path("device").path("sw_version").asText());
    assertEquals("from_dehneEVSE/Car port/state", device.path("state_topic").asText());
  }

  @Test
  void takesSetPointsAwayAndThenLeavesThemOutWhenControlIsSwitchedOff() {
    HomeAssistant before = start(CONTROL);
    before.brokerConnected();
    before.proven(GARAGE, 9);
    assertTrue(next(GARAGE_ID).path("components").has("enabled"));

    restart("").brokerConnected();

    JsonNode components = next(GARAGE_ID).path("components");
    assertEquals("{\"platform\":\"switch\"}", components.path("enabled").toString());
    assertEquals("{\"platform\":\"number\"}", components.path("current_limit").toString());
    assertEquals("{\"platform\":\"button\"}", components.path("reset").toString());
    assertTrue(components.path("status").has("unique_id"));
    assertFalse(next(GARAGE_ID).path("components").has("enabled"));

    restart("").brokerConnected();
    assertFalse(next(GARAGE_ID).path("components").has("enabled"), "once is enough");
  }

  @Test
  void takesMeasuredValuesAwayWithTheirCalibration() {
    HomeAssistant before =
        start("sensors.current_l1=0,1,1\nsensors.voltage_l1=0,1,1\nsensors.current_l2=0,1,1");
    before.brokerConnected();
    before.proven(GARAGE, 9);
    next(GARAGE_ID);

    restart("sensors.current_l2=0,1,1").brokerConnected();

    JsonNode components = next(GARAGE_ID).path("components");
    for (String key :
        List.of("power", "energy", "session_energy", "phase1_current", "phase1_voltage")) {
      assertEquals("{\"platform\":\"sensor\"}", components.path(key).toString(), key);
    }
    assertTrue(components.path("phase2_current").has("unique_id"));
  }

  @Test
  void takesAwayAgainWhatTheBrokerMayNotHaveHeard() {
    HomeAssistant before = start(CONTROL);
    before.brokerConnected();
    before.proven(GARAGE, 9);
    next(GARAGE_ID);

    HomeAssistant discovery = restart("");
    discovery.brokerConnected();
    next(GARAGE_ID);
    discovery.brokerLost();
    discovery.brokerConnected();
    assertEquals(1, next(GARAGE_ID).path("components").path("enabled").size());
    assertTrue(next(GARAGE_ID).path("components").path("enabled").isMissingNode());
  }

  @Test
  void withdrawsAForgottenChargerForGood() {
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 9);
    next(GARAGE_ID);

    discovery.forget(GARAGE);
    Said last = next();
    assertEquals(GARAGE_ID, last.what());
    assertNull(last.payload());

    discovery.republish();
    assertEquals(BRIDGE_ID, next().what());
    discovery.proven(CARPORT, 9);
    assertEquals(CARPORT_ID, next().what());
  }

  @Test
  void clearsItsOwnStaleDevicesAndNobodyElses() {
    String stale = "dehne_evse_000000000000000000000000000000aa";
    String named = ChargerDevice.id(CARPORT);
    storedAtBroker.put(stale, ours(BRIDGE_ID));
    storedAtBroker.put("old_form", ours(BRIDGE_ID));
    storedAtBroker.put(named, ours(BRIDGE_ID));
    storedAtBroker.put(GARAGE_ID, ours(BRIDGE_ID));
    storedAtBroker.put("dehne_evse_000000000000000000000000000000bb", ours("another_bridge"));
    storedAtBroker.put(
        "dehne_evse_000000000000000000000000000000cc",
        "{\"origin\":{\"name\":\"Zigbee2MQTT\"},\"device\":{\"via_device\":\""
            + BRIDGE_ID
            + "\"}}");
    storedAtBroker.put("dehne_evse_000000000000000000000000000000dd", "no JSON");
    storedAtBroker.put("dehne_evse_000000000000000000000000000000ee", "{\"origin\":null}");
    HomeAssistant discovery = start("evse_name.id_" + CARPORT + "=Carport");
    discovery.brokerConnected();
    // A charger that comes back although nothing is remembered of it keeps its device.
    discovery.proven(GARAGE, 9);

    assertEquals(BRIDGE_ID, next().what());
    assertEquals(GARAGE_ID, next().what());
    assertEquals(new Said(stale, null), next());
    assertEquals(new Said("old_form", null), next());
    discovery.republish();
    assertEquals(BRIDGE_ID, next().what());
  }

  @Test
  void readsTheBrokersStoreOnce() {
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    next();
    storedAtBroker.put("dehne_evse_000000000000000000000000000000aa", ours(BRIDGE_ID));
    discovery.brokerLost();
    discovery.brokerConnected();
    next();
    discovery.proven(GARAGE, 9);

    assertEquals(GARAGE_ID, next().what());
  }

  @Test
  void clearsEverythingWhenItIsSwitchedOff() {
    HomeAssistant before = start("");
    before.brokerConnected();
    before.proven(GARAGE, 9);
    next(GARAGE_ID);
    before.stop();

    BridgeSettings off = settings(false, "");
    Withdrawal withdrawal = Objects.requireNonNull(Withdrawal.of(off, cleared::add));
    withdrawal.brokerConnected();
    withdrawal.brokerLost();
    withdrawal.brokerConnected();
    List<String> topics =
        List.of(
            "homeassistant/device/" + GARAGE_ID + "/config",
            "homeassistant/device/" + BRIDGE_ID + "/config");
    List<String> twice = new ArrayList<>(topics);
    twice.addAll(topics);
    assertEquals(twice, List.copyOf(cleared));
    assertNotNull(Withdrawal.of(off, cleared::add), "not yet sure to have arrived");

    withdrawal.brokerProven();
    assertNull(Withdrawal.of(off, cleared::add));
  }

  @Test
  void clearsTheBridgeEvenIfItHasNeverSeenACharger() {
    HomeAssistant before = start("");
    before.brokerConnected();
    next();
    before.stop();

    Objects.requireNonNull(Withdrawal.of(settings(false, ""), cleared::add)).brokerConnected();

    assertEquals(List.of("homeassistant/device/" + BRIDGE_ID + "/config"), List.copyOf(cleared));
  }

  @Test
  void hasNothingToClearWhereItWasNeverOn() {
    BridgeSettings off = settings(false, "");

    assertNull(Withdrawal.of(off, cleared::add));
    assertFalse(Files.exists(folder.resolve("state")));
  }

  @Test
  void clearsBelowThePrefixThatItHadBefore() {
    HomeAssistant before = start("");
    before.brokerConnected();
    before.proven(GARAGE, 9);
    next(GARAGE_ID);

    HomeAssistant discovery = restart("homeassistant.prefix=ha");
    discovery.brokerConnected();
    next(GARAGE_ID);
    assertEquals(
        List.of(
            "homeassistant/device/" + GARAGE_ID + "/config",
            "homeassistant/device/" + BRIDGE_ID + "/config"),
        List.copyOf(cleared));
    discovery.brokerProven();
    cleared.clear();

    restart("homeassistant.prefix=ha").brokerConnected();
    next(GARAGE_ID);
    assertEquals(List.of(), List.copyOf(cleared));
  }

  @Test
  void withdrawsTheBridgeOfTheIdThatItHadBefore() {
    HomeAssistant before = start("mqtt.client_id=old one");
    before.brokerConnected();
    before.proven(GARAGE, 9);
    next(GARAGE_ID);

    HomeAssistant discovery = restart("");
    discovery.brokerConnected();
    assertEquals(BRIDGE_ID, next().what());
    assertEquals(BRIDGE_ID, next(GARAGE_ID).path("device").path("via_device").asText());
    assertEquals(List.of("homeassistant/device/old_one/config"), List.copyOf(cleared));
    discovery.brokerProven();
    cleared.clear();

    restart("").brokerConnected();
    next(GARAGE_ID);
    assertEquals(List.of(), List.copyOf(cleared));
  }

  @Test
  void withdrawsTheFormerBridgeAlsoWhenItIsSwitchedOff() {
    HomeAssistant before = start("mqtt.client_id=old");
    before.brokerConnected();
    before.proven(GARAGE, 9);
    next(GARAGE_ID);
    before.stop();

    Objects.requireNonNull(Withdrawal.of(settings(false, ""), cleared::add)).brokerConnected();

    assertEquals(
        List.of("homeassistant/device/" + GARAGE_ID + "/config", "homeassistant/device/old/config"),
        List.copyOf(cleared));
  }

  @Test
  void writesItsJournalOnceThereIsRoomForIt() throws IOException {
    Path journal = HomeAssistant.journalFile(settings(true, ""));
    Files.createDirectories(journal.getParent());
    // The first attempt removes the link, so that the next one finds a disk that is not full.
    Path unused =
        Files.createSymbolicLink(
            journal.resolveSibling(journal.getFileName() + ".new"), Path.of("/dev/full"));
    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 9);

    Patience.until(
        "it is written",
        () -> Files.exists(journal) && Files.readString(journal).contains(GARAGE.hex()));
  }

  @Test
  void startsAnewWhereTheJournalCannotBeRead() throws IOException {
    Path journal = HomeAssistant.journalFile(settings(true, ""));
    Files.createDirectories(journal.getParent());
    Files.writeString(journal, "{\"prefix\":\"homeassistant\",\"chargers\":null}");

    HomeAssistant discovery = start("");
    discovery.brokerConnected();
    discovery.proven(GARAGE, 9);

    next(GARAGE_ID);
    Patience.until("it is written anew", () -> Files.readString(journal).contains(GARAGE.hex()));
  }

  private static String ours(String viaDevice) {
    return "{\"origin\":{\"name\":\"evse-mqtt-bridge\"},\"device\":{\"via_device\":\"%s\"}}"
        .formatted(viaDevice);
  }

  private Said next() {
    try {
      return Objects.requireNonNull(
          said.poll(Patience.LIMIT.toMillis(), TimeUnit.MILLISECONDS), "nothing was said");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private JsonNode next(String device) {
    Said each = next();
    while (!each.what().equals(device)) {
      each = next();
    }
    return Objects.requireNonNull(each.payload());
  }

  private HomeAssistant restart(String properties) {
    stop();
    said.clear();
    return start(properties);
  }

  private HomeAssistant start(String properties) {
    BridgeSettings settings = settings(true, properties);
    HomeAssistant started =
        new HomeAssistant(
            settings,
            bridge(settings),
            (device, payload) -> said.add(new Said(device, payload == null ? null : tree(payload))),
            clientId -> said.add(new Said("state " + clientId, null)),
            this::read,
            cleared::add,
            atOthers::contains,
            QUICK);
    running = started;
    return started;
  }

  private Runnable read(String filter, BiConsumer<String, byte[]> receiver) {
    assertEquals("device/+/config", filter.substring(filter.indexOf('/') + 1));
    storedAtBroker.forEach(
        (id, payload) ->
            receiver.accept("homeassistant/device/" + id + "/config", payload.getBytes(UTF_8)));
    return () -> {};
  }

  private static JsonNode tree(Map<String, Object> payload) {
    try {
      return JSON.readTree(JSON.writeValueAsString(payload));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static BridgeDevice bridge(BridgeSettings settings) {
    return new BridgeDevice(
        settings.mqtt().clientId(),
        "1.1.0",
        settings.mqtt().publishTopic(),
        settings.mqtt().subscribeTopic(),
        settings.name().orElse(""));
  }

  private BridgeSettings settings(boolean on, String properties) {
    try {
      Files.writeString(
          folder.resolve("application.properties"),
          "homeassistant.discovery=%s\nbridge.state_dir=%s\n%s\n"
              .formatted(on, folder.resolve("state"), properties));
      return Configuration.read(folder, null, Map.of(), Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ConfigurationException e) {
      throw new AssertionError(e);
    }
  }
}
