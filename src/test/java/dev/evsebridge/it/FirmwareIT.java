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
    WireFrame frame = charger.takeFrame();
    assertEquals(Messages.firmwareFrame(image), frame);
    assertEquals(0, (frame.payload().length - 4) % 4);
    assertRestartsWithoutError(charger);
  }

  @Test
  void padsWithFfAndRecomputesTheChecksumByTheZlibPolynomial() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, new byte[] {'1', '2', '3', '4', '5'}));
    byte[] payload = charger.takeFrame().payload();
    // CRC-32 of 3132333435ffffff
    assertArrayEquals(HexFormat.of().parseHex("02bd7d353132333435ffffff"), payload);
  }

  @Test
  void takesAnImageOfZeroBytesWithItsTrueChecksum() {
    byte[] image = new byte[64];
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, image));
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
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
    assertEquals(List.of(), charger.untakenFrames());
    RawCharger restarted = assertRestartsWithoutError(charger);
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), restarted.untakenFrames());
  }

  @Test
  void anUploadHoldsUpNoOtherCharger() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, image(LARGEST_IMAGE)));
    installation.awaitRequestsDone();
    charger.takeFrame();
  }

  @Test
  void showsTheVersionThatRunsAfterTheUpload() {
    RawCharger charger = installation.charger(serial, serial, 4);
    installation.probe().request(Messages.firmware(serial, image(200)));
    charger.takeFrame();
    installation.connect().hello(serial, 9);
    Message connection = installation.probe().take(message("new_connection", serial));
    assertEquals(Messages.newConnection(serial, 9), connection.text());
    charger.awaitClosed();
  }

  @Test
  void refusesWhileTheLastReadingShowsAClosedContactor() {
    RawCharger charger = installation.charger(serial);
    charger.send(ChargerReading.typical().contactor(1).frame());
    installation.probe().take(message("response_collect_data", serial));
    assertRefusedAsClosed(charger);

    charger.send(ChargerReading.typical().contactor(0).frame());
    installation.probe().take(message("response_collect_data", serial));
    assertSent(charger);
  }

  @Test
  void refusesAfterTheChargerHasAcceptedToCloseTheContactor() {
    RawCharger charger = installation.charger(serial);
    set(charger, true);
    assertRefusedAsClosed(charger);
    set(charger, false);
    assertSent(charger);
  }

  @Test
  void aReadingAfterTheCommandCountsMoreThanTheCommand() {
    RawCharger charger = installation.charger(serial);
    set(charger, true);
    charger.send(ChargerReading.typical().contactor(0).frame());
    installation.probe().take(message("response_collect_data", serial));
    assertSent(charger);
  }

  @Test
  void refusesWhenTheContactorIsToBeClosedByARequestThatIsAheadInTheQueue() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    probe.request(Messages.setContactor(serial, true));
    probe.request(Messages.firmware(serial, image(64)));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    assertEquals(WireFrame.setContactor(true), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    Message error = probe.take(errorOf(serial));
    assertEquals("contactor_closed", error.field("error"));
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
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
    RawCharger restarted = installation.charger(serial).answerLikeFirmware();
    before.awaitClosed();
    MqttProbe probe = installation.probe();
    probe.request(Messages.setPwm(serial, 16));
    probe.take(message("response_set_pwm_percent", serial));
    assertEquals(WireFrame.setPwm(16), restarted.takeFrame());
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
    assertTrue(restarted.isOpen());
    return restarted;
  }

  private void assertRefusedAsClosed(RawCharger charger) {
    MqttProbe probe = installation.probe();
    probe.request(Messages.firmware(serial, image(64)));
    Message error = probe.take(errorOf(serial));
    assertEquals("contactor_closed", error.field("error"));
    assertEquals("request_firmware", error.field("request_type"));
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
  }

  private void assertSent(RawCharger charger) {
    byte[] image = image(64);
    installation.probe().request(Messages.firmware(serial, image));
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
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
