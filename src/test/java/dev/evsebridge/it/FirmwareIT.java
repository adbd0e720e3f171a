package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A firmware image reaches the charger whole, checked, padded and undisturbed, or not at all. */
@RequiresMosquitto
class FirmwareIT {
  private static final int LARGEST_IMAGE = 126_976;

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  @ParameterizedTest
  @ValueSource(
      ints = {1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 68, 1024, 126_973, 126_975, LARGEST_IMAGE})
  void sendsTheImagePaddedToAMultipleOfFourWithTheChecksumOfThePaddedImage(int size) {
    byte[] image = image(size);
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, image));
    giveReading(charger, 0);
    WireFrame frame = charger.takeFrame();
    assertEquals(Messages.firmwareFrame(image), frame);
    assertEquals(0, (frame.payload().length - 4) % 4);
    assertRestartsWithoutError(charger);
  }

  @Test
  void padsWithFfAndRecomputesTheChecksumByTheZlibPolynomial() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, new byte[] {'1', '2', '3', '4', '5'}));
    giveReading(charger, 0);
    byte[] payload = charger.takeFrame().payload();
    // CRC-32 of 3132333435ffffff
    assertArrayEquals(HexFormat.of().parseHex("02bd7d353132333435ffffff"), payload);
  }

  @Test
  void takesAnImageOfZeroBytesWithItsTrueChecksum() {
    byte[] image = new byte[64];
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, image));
    giveReading(charger, 0);
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
  }

  @Test
  void waitsForItsTurnBehindARequestThatIsNotAnsweredYet() {
    RawCharger charger = installation.charger(serial);
    byte[] image = image(100);
    installation.probe().request(Messages.ping(serial));
    installation.probe().request(Messages.firmware(serial, image));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    installation.probe().take(message("response_ping", serial));
    giveReading(charger, 0);
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
  }

  @Test
  void answersBusyToEveryOtherRequestUntilTheChargerHasConnectedAnew() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    byte[] image = image(2000);
    probe.request(Messages.firmware(serial, image));
    probe.request(Messages.ping(serial));
    probe.request(Messages.setPwm(serial, 16));
    probe.request(Messages.collect(serial));
    probe.request(Messages.setContactor(serial, true));
    probe.request(Messages.firmware(serial, image));
    List<String> refused =
        probe.take(5, errorOf(serial)).stream()
            .map(error -> error.field("error") + " " + error.field("request_type"))
            .toList();
    assertEquals(
        List.of(
            "busy request_ping",
            "busy request_set_pwm_percent",
            "busy request_data_collection",
            "busy request_set_contactor_state",
            "busy request_firmware"),
        refused);
    giveReading(charger, 0);
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
    probe.request(Messages.ping(serial));
    assertEquals("busy", probe.take(errorOf(serial)).field("error"));
    assertEquals(List.of(), charger.untakenFrames());
    RawCharger restarted = assertRestartsWithoutError(charger);
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), restarted.untakenFrames());
  }

  @Test
  void anUploadHoldsUpNoOtherCharger() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, image(LARGEST_IMAGE)));
    giveReading(charger, 0);
    installation.awaitRequestsDone();
    charger.takeFrame();
  }

  @Test
  void showsTheVersionThatRunsAfterTheUpload() {
    RawCharger charger = installation.charger(serial, serial, 4);
    installation.probe().request(Messages.firmware(serial, image(200)));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    charger.send(ChargerReading.typical().firmwareVersion(4).frame());
    charger.takeFrame();
    installation.connect().hello(serial, 9);
    Message connection = installation.probe().take(message("new_connection", serial));
    assertEquals(Messages.newConnection(serial, 9), connection.text());
    charger.awaitClosed();
  }

  @Test
  void sendsNoReplyWhenAnUploadHasSucceeded() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.subscribe("replies/" + serial);
    probe.request(Messages.firmware(serial, image(200)), "replies/" + serial, "upload");
    giveReading(charger, 0);
    charger.takeFrame();
    assertRestartsWithoutError(charger);
    // What is asked next is answered next: there was nothing before it.
    probe.request(Messages.ping(serial), "replies/" + serial, "ping");
    Message reply = probe.take(MqttProbe.onTopic("replies/" + serial));
    assertEquals("ping", reply.correlation(), reply::text);
  }

  @Test
  void refusesWhenTheReadingBeforeItShowsAClosedContactor() {
    RawCharger charger = installation.charger(serial);
    assertRefusedAsClosed(charger, 1);
    assertSent(charger);
  }

  @Test
  void believesTheReadingAndNotWhatWasKnownBefore() {
    RawCharger charger = installation.charger(serial);
    set(charger, false);
    assertRefusedAsClosed(charger, 1);
    set(charger, true);
    assertSent(charger);
  }

  @Test
  void refusesAfterARestartOfTheBridgeWhileTheContactorIsClosed() {
    RawCharger before = installation.charger(serial);
    set(before, true);
    installation.bridge().kill();
    before.awaitClosed();
    installation.bridge().start().awaitListening();
    RawCharger charger = installation.charger(serial);
    assertRefusedAsClosed(charger, 1);
  }

  @Test
  void refusesWhenTheContactorIsToBeClosedByARequestThatIsAheadInTheQueue() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    probe.request(Messages.setContactor(serial, true));
    probe.request(Messages.firmware(serial, image(64)));
    Message error = probe.take(errorOf(serial));
    assertEquals("contactor_closed", error.field("error"));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    assertEquals(WireFrame.setContactor(true), charger.takeFrame());
    assertEquals(WireFrame.collect(), charger.takeFrame());
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void saysSoWhenTheChargerHasRefusedTheImage() {
    RawCharger charger = installation.charger(serial);
    assertSent(charger);
    charger.close();
    RawCharger back = installation.charger(serial);
    assertEquals(WireFrame.collect(), back.takeFrame());
    back.send(ChargerReading.typical().uptime(61_000).log("60999: CRC does not match\0").frame());
    Message error = installation.probe().take(errorOf(serial));
    assertEquals("firmware_refused", error.field("error"));
    assertEquals("request_firmware", error.field("request_type"));
    assertTrue(error.field("detail").contains("60999: CRC does not match"), error::toString);
    installation.probe().request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), back.takeFrame());
  }

  @ParameterizedTest
  @CsvSource({"0", "126977", "200000"})
  void neverSendsAnImageOfAForbiddenSize(int size) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    MqttProbe probe = installation.probe();
    probe.request(Messages.firmware(serial, image(size)));
    Message error = probe.take(MqttProbe.error());
    // a request over the limit of its length is not even read
    assertEquals(size == 200_000 ? "invalid_json" : "invalid_value", error.field("error"));
    probe.request(Messages.ping(serial));
    probe.take(message("response_ping", serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
  }

  @Test
  void sendsTheErrorOfAnUploadToItsResponseTopicAsWell() {
    installation.charger(serial);
    MqttProbe probe = installation.probe();
    String topic = "replies/" + serial;
    probe.subscribe(topic);
    probe.request(Messages.firmware(serial, image(8), 1), topic, "fw");
    Message reply = probe.take(MqttProbe.onTopic(topic));
    assertEquals("checksum_mismatch", reply.field("error"));
    assertEquals("fw", reply.correlation());
    assertEquals("checksum_mismatch", probe.take(errorOf(serial)).field("error"));
  }

  /** Connects anew as a charger does after flashing: the old socket is still open. */
  private RawCharger assertRestartsWithoutError(RawCharger before) {
    RawCharger restarted =
        installation
            .connect()
            .answerLikeFirmware(ChargerReading.typical().uptime(0), 9)
            .hello(serial, 9);
    installation.probe().take(message("new_connection", serial));
    before.awaitClosed();
    MqttProbe probe = installation.probe();
    assertEquals(WireFrame.collect(), restarted.takeFrame());
    probe.take(message("response_collect_data", serial));
    probe.request(Messages.setPwm(serial, 16));
    probe.take(message("response_set_pwm_percent", serial));
    assertEquals(WireFrame.setPwm(16), restarted.takeFrame());
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
    assertTrue(restarted.isOpen());
    return restarted;
  }

  private void assertRefusedAsClosed(RawCharger charger, int contactor) {
    MqttProbe probe = installation.probe();
    probe.request(Messages.firmware(serial, image(64)));
    giveReading(charger, contactor);
    Message error = probe.take(errorOf(serial));
    assertEquals("contactor_closed", error.field("error"));
    assertEquals("request_firmware", error.field("request_type"));
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
  }

  private void assertSent(RawCharger charger) {
    byte[] image = image(64);
    installation.probe().request(Messages.firmware(serial, image));
    giveReading(charger, 0);
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
  }

  /** The bridge asks for it before it sends an image, and publishes it. */
  private void giveReading(RawCharger charger, int contactor) {
    assertEquals(WireFrame.collect(), charger.takeFrame());
    ChargerReading reading = ChargerReading.typical().contactor(contactor);
    charger.send(reading.frame());
    Message message = installation.probe().take(message("response_collect_data", serial));
    assertEquals(reading.json(serial), message.text());
  }

  private void set(RawCharger charger, boolean closed) {
    installation.probe().request(Messages.setContactor(serial, closed));
    assertEquals(WireFrame.setContactor(closed), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    installation.probe().take(message("response_set_contactor_state", serial));
  }

  private static byte[] image(int size) {
    byte[] image = new byte[size];
    new Random(size).nextBytes(image);
    return image;
  }
}
