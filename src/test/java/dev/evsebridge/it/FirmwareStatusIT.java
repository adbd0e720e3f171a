package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How an upload goes stands retained at the broker; the configured image can be installed. */
@RequiresMosquitto
class FirmwareStatusIT {
  private static final String KEYS =
      "state installed_version latest_version in_progress update_percentage image_bytes error"
          + " detail started finished";

  private static final String IMAGE = "This is the image, version 10.";

  @RegisterExtension
  static final Installation installation =
      Installation.with(
          bridge ->
              bridge
                  .file("image.bin", IMAGE)
                  .environment("FIRMWARE_IMAGE", "image.bin")
                  .environment("FIRMWARE_VERSION", "10"));

  private final String serial = Serials.next();

  @Test
  void tellsWhichVersionRunsAndWhichCouldBeInstalled() {
    Message status = idle(installation.charger(serial).answerLikeFirmware());

    assertEquals(List.of(KEYS.split(" ")), keys(status.json()));
    assertEquals("9", status.json().path("installed_version").textValue());
    assertEquals("10", status.json().path("latest_version").textValue());
    assertEquals(1, status.qos());
    try (MqttProbe later =
        MqttProbe.builder(installation.mosquitto().url()).subscribingTo(topic()).connect()) {
      Message kept = later.take(onTopic(topic()));
      assertTrue(kept.retained());
      assertEquals(status.text(), kept.text());
      assertNull(kept.properties().getMessageExpiryInterval());
    }
  }

  @Test
  void tellsHowAnUploadGoesAndWhatRunsAfterIt() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    byte[] image = new byte[1001];
    installation.probe().request(Messages.firmware(serial, image));

    Message checking = take("checking");
    assertTrue(checking.json().path("in_progress").booleanValue());
    assertTrue(checking.json().path("update_percentage").isNull());
    assertEquals(1004, checking.json().path("image_bytes").intValue());
    assertTrue(checking.json().path("finished").isNull());
    assertNotNull(checking.properties().getMessageExpiryInterval());
    assertEquals(0, take("uploading").json().path("update_percentage").intValue());
    assertEquals(100, take("restarting").json().path("update_percentage").intValue());
    restart(charger, 10);

    Message done = take("done");
    assertFalse(done.json().path("in_progress").booleanValue());
    assertEquals("10", done.field("installed_version"));
    assertTrue(done.json().path("update_percentage").isNull());
    assertFalse(
        Instant.parse(done.field("finished")).isBefore(Instant.parse(done.field("started"))));
    assertNull(done.properties().getMessageExpiryInterval());
  }

  @Test
  void countsTheBytesThatTheChargersSocketHasTaken() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    installation.probe().request(Messages.firmware(serial, new byte[126_976]));

    take("restarting");
    List<Integer> percentages =
        installation.probe().untaken(onTopic(topic())).stream()
            .map(each -> each.json().path("update_percentage").intValue())
            .toList();
    assertEquals(percentages.stream().sorted().toList(), percentages);
  }

  @Test
  void tellsThatTheChargerHasRefusedTheImage() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    installation.probe().request(Messages.firmware(serial, new byte[64]));
    take("restarting");
    charger.close();
    installation
        .connect()
        .answerLikeFirmware(ChargerReading.typical().uptime(3_000_000_000L), 9)
        .hello(serial, 9);

    Message failed = take("failed");
    assertEquals("firmware_refused", failed.field("error"));
    assertEquals("9", failed.field("installed_version"));
    assertEquals(
        installation.probe().take(errorOf(serial)).field("detail"), failed.field("detail"));
  }

  @Test
  void tellsOfARequestThatIsRefusedBeforeAnythingIsSent() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    installation.probe().request(Messages.firmware(serial, new byte[64], 1));
    assertEquals("checksum_mismatch", take("failed").field("error"));

    installation.probe().request(Messages.setContactor(serial, true));
    installation.probe().request(Messages.firmware(serial, new byte[64]));
    assertEquals("contactor_closed", take("failed").field("error"));
  }

  @Test
  void aReadingThatDoesNotComeBeforeTheUploadEndsItInATimeout() {
    try (Installation quick =
        Installation.with(bridge -> bridge.environment("EVSE_REQUEST_TIMEOUT", "1s")).start()) {
      RawCharger charger = quick.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
      quick.probe().take(message("notify", serial));
      quick.probe().request(Messages.firmware(serial, new byte[64]));

      Message failed = quick.probe().take(onTopic(topic()).and(each -> is(each, "failed")));
      assertEquals("timeout", failed.field("error"));
      assertEquals("timeout", quick.probe().take(errorOf(serial)).field("error"));
      assertEquals(WireFrame.collect(), charger.takeFrame());
    }
  }

  @Test
  void leavesNothingOfWhatHasOnlySaidAHello() {
    installation.charger(serial).close();
    installation.awaitRequestsDone();

    assertEquals(List.of(), installation.probe().untaken(onTopic(topic())));
  }

  @Test
  void installsTheConfiguredImageAndAnswersWhenTheChargerRunsIt() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    install("install", false);
    take("restarting");
    assertEquals(
        Messages.firmwareFrame(IMAGE.getBytes(StandardCharsets.UTF_8)), nextFirmware(charger));
    assertEquals(List.of(), installation.probe().untaken(onTopic(replies())));
    restart(charger, 10);

    assertEquals(
        Messages.plain("response_set", serial),
        installation.probe().take(onTopic(replies())).text());
    take("done");
    assertEquals(List.of(), installation.probe().untaken(errorOf(serial)));
  }

  @Test
  void readsTheImageAnewAndSaysWhatIsWrongWithIt() throws Exception {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    try {
      Files.delete(installation.bridge().directory().resolve("image.bin"));
      assertNoImage("can't be read");
      Files.write(installation.bridge().directory().resolve("image.bin"), new byte[200_000]);
      assertNoImage("200000");
      Files.delete(installation.bridge().directory().resolve("image.bin"));
      makePipe(installation.bridge().directory().resolve("image.bin"));
      assertNoImage("not a file");
    } finally {
      Files.deleteIfExists(installation.bridge().directory().resolve("image.bin"));
      Files.writeString(installation.bridge().directory().resolve("image.bin"), IMAGE);
    }
    assertEquals(List.of(), charger.untakenFrames());
  }

  /** To open it waits for ever, as a drive that is away does. */
  private static void makePipe(Path pipe) throws IOException, InterruptedException {
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
  }

  private void assertNoImage(String word) {
    install("install", false);
    Message reply = installation.probe().take(onTopic(replies()));
    assertEquals("no_image", reply.field("error"));
    assertEquals("set_firmware", reply.field("request_type"));
    assertTrue(reply.field("detail").contains(word), reply::toString);
    assertEquals("no_image", installation.probe().take(errorOf(serial)).field("error"));
    assertEquals("no_image", take("failed").field("error"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "now", "true"})
  void takesNothingButInstall(String payload) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    idle(charger);
    install(payload, false);

    assertEquals("invalid_value", installation.probe().take(onTopic(replies())).field("error"));
    assertEquals("invalid_value", take("failed").field("error"));
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void neverInstallsWhatTheBrokerHasStored() {
    String topic = "to_dehneEVSE/" + serial + "/set/firmware";
    try (Installation own = Installation.asDelivered().start()) {
      own.bridge().kill();
      own.probe().publishRetained(topic, "install".getBytes(StandardCharsets.UTF_8));
      own.bridge().start().awaitListening();

      Message error = own.probe().take(errorOf(serial));
      assertEquals("retained_request", error.field("error"));
      assertEquals("set_firmware", error.field("request_type"));
      assertEquals(List.of(), own.probe().untaken(onTopic(topic())));
    }
  }

  @Test
  void saysThatNoImageIsConfigured() {
    try (Installation plain = Installation.asDelivered().start()) {
      RawCharger charger = plain.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
      Message status = plain.probe().take(onTopic(topic()));
      assertEquals("9", status.field("latest_version"));
      plain
          .probe()
          .publish(
              "to_dehneEVSE/" + serial + "/set/firmware",
              "install".getBytes(StandardCharsets.UTF_8));

      assertEquals("no_image", plain.probe().take(errorOf(serial)).field("error"));
      assertEquals(List.of(), charger.untakenFrames());
    }
  }

  @Test
  void refusesToInstallOnAChargerThatIsNotThere() {
    install("install", false);

    assertEquals("not_connected", installation.probe().take(onTopic(replies())).field("error"));
  }

  private void install(String payload, boolean retained) {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic(replies());
    installation
        .probe()
        .publish(
            "to_dehneEVSE/" + serial + "/set/firmware",
            new MqttMessage(payload.getBytes(StandardCharsets.UTF_8), 1, retained, properties));
  }

  private String replies() {
    return "from_dehneEVSE/replies/" + serial;
  }

  /** Has it send its first valid frame. */
  private Message idle(RawCharger charger) {
    charger.send(WireFrame.of(WireFrame.NOTIFY));
    return take("idle");
  }

  private static WireFrame nextFirmware(RawCharger charger) {
    WireFrame frame = charger.takeFrame();
    return frame.type() == WireFrame.FIRMWARE ? frame : charger.takeFrame();
  }

  /** Connects anew as a charger does after flashing: the old socket is still open. */
  private void restart(RawCharger before, int version) {
    installation
        .connect()
        .answerLikeFirmware(ChargerReading.typical().uptime(0), version)
        .hello(serial, version);
    installation.probe().take(message("new_connection", serial));
    before.awaitClosed();
  }

  private Message take(String state) {
    return installation.probe().take(onTopic(topic()).and(each -> is(each, state)));
  }

  private static boolean is(Message status, String state) {
    return status.field("state").equals(state);
  }

  private String topic() {
    return "from_dehneEVSE/" + serial + "/firmware";
  }

  private static List<String> keys(JsonNode object) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    return keys;
  }
}
