package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
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
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What does not happen in time ends in an error or in a closed connection, and in nothing worse.
 */
@RequiresMosquitto
class TimeoutsIT {
  @RegisterExtension
  static final Installation installation =
      Installation.with(
          bridge ->
              bridge
                  .environment("EVSE_REQUEST_TIMEOUT", "600ms")
                  .environment("EVSE_FIRMWARE_TIMEOUT", "700ms")
                  .environment("EVSE_HANDSHAKE_TIMEOUT", "1s")
                  .environment("EVSE_IDLE_TIMEOUT", "3s"));

  private final String serial = Serials.next();

  @Test
  void reportsARequestThatIsNotAnsweredAsTimeout() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.subscribe("replies/" + serial);
    probe.request(Messages.setPwm(serial, 16), "replies/" + serial, "late");
    assertEquals(WireFrame.setPwm(16), charger.takeFrame());
    Message error = probe.take(errorOf(serial));
    assertEquals("timeout", error.field("error"));
    assertEquals("request_set_pwm_percent", error.field("request_type"));
    Message reply = probe.take(MqttProbe.onTopic("replies/" + serial));
    assertEquals(error.text(), reply.text());
    assertEquals("late", reply.correlation());
  }

  @Test
  void neverTakesALateAnswerForTheAnswerToTheNextRequest() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.setPwm(serial, 10));
    charger.takeFrame();
    probe.take(errorOf(serial));
    probe.request(Messages.setPwm(serial, 20));
    installation.awaitRequestsDone();
    sendIfStillOpen(charger, WireFrame.of(WireFrame.ANSWER_TO_PWM));
    Message outcome = probe.take(errorOf(serial));
    assertTrue(
        Set.of("timeout", "disconnected", "not_connected").contains(outcome.field("error")),
        outcome::toString);
    assertEquals("request_set_pwm_percent", outcome.field("request_type"));
  }

  @Test
  void answersARequestThatComesInTimeAfterAnotherWasLate() {
    RawCharger silent = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    silent.takeFrame();
    probe.take(errorOf(serial));
    installation.charger(serial).answerLikeFirmware();
    silent.awaitClosed();
    probe.request(Messages.ping(serial));
    probe.take(message("response_ping", serial));
  }

  @Test
  void reportsAFirmwareUploadAfterWhichTheChargerDoesNotComeBackAsTimeout() {
    byte[] image = {1, 2, 3};
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.firmware(serial, image));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    charger.send(ChargerReading.typical().frame());
    probe.take(message("response_collect_data", serial));
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
    Message error = probe.take(errorOf(serial));
    assertEquals("timeout", error.field("error"));
    assertEquals("request_firmware", error.field("request_type"));
    installation.charger(serial).answerLikeFirmware();
    probe.request(Messages.ping(serial));
    probe.take(message("response_ping", serial));
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
  }

  @Test
  void reportsAFirmwareUploadBeforeWhichNoReadingComesAsTimeout() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.firmware(serial, new byte[] {1, 2, 3}));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    Message error = installation.probe().take(errorOf(serial));
    assertEquals("timeout", error.field("error"));
    assertEquals("request_firmware", error.field("request_type"));
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void servesEachPingAfterOneWasSkipped() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    assertEquals("timeout", probe.take(errorOf(serial)).field("error"));
    charger.answerLikeFirmware();
    for (int i = 0; i < 6; i++) {
      probe.request(Messages.ping(serial));
      probe.take(message("response_ping", serial));
    }
    assertEquals(List.of(), probe.untaken(errorOf(serial)));
  }

  @Test
  void closesAConnectionThatNeverSaysHello() {
    installation.connect().awaitClosed();
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.messageOrError()));
  }

  @Test
  void closesAConnectionThatSaysHalfAHello() {
    installation.connect().send(Arrays.copyOf(RawCharger.helloBytes(serial, 9), 16)).awaitClosed();
    assertEquals(List.of(), installation.probe().untaken(message("new_connection", serial)));
  }

  @Test
  void closesAChargerFromWhichNothingComes() {
    installation.charger(serial).awaitClosed();
    installation.probe().request(Messages.ping(serial));
    Message error = installation.probe().take(errorOf(serial));
    // the charger may see the end of its connection before the bridge has tidied up
    assertTrue(Set.of("not_connected", "disconnected").contains(error.field("error")));
  }

  private static void sendIfStillOpen(RawCharger charger, WireFrame frame) {
    try {
      charger.send(frame);
    } catch (UncheckedIOException closedByTheBridge) {
      // then no answer can be mistaken
    }
  }
}
