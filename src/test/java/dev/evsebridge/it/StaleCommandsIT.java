package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A command is carried out soon or never, and an answer belongs to the request that it was given
 * to.
 */
@RequiresMosquitto
class StaleCommandsIT {
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);

  @RegisterExtension
  static final Installation installation =
      Installation.with(
          bridge -> bridge.environment("EVSE_REQUEST_TIMEOUT", REQUEST_TIMEOUT.toSeconds() + "s"));

  private final String serial = Serials.next();
  private final String firstReply = "replies/" + serial + "/first";
  private final String secondReply = "replies/" + serial + "/second";

  @Test
  void neverCarriesOutWhatWasSentWhileTheBridgeWasStopped() {
    assertNotCarriedOutAfter(BridgeProcess::stop);
  }

  @Test
  void neverCarriesOutWhatWasSentWhileTheBridgeWasDown() {
    assertNotCarriedOutAfter(BridgeProcess::kill);
  }

  private void assertNotCarriedOutAfter(Consumer<BridgeProcess> ending) {
    RawCharger before = installation.charger(serial);
    MqttProbe probe = installation.probe();
    ending.accept(installation.bridge());
    before.awaitClosed();
    probe.request(Messages.setContactor(serial, true));
    installation.bridge().start().awaitListening();
    RawCharger charger = installation.charger(serial);
    installation.awaitRequestsDone();
    probe.request(Messages.setPwm(serial, 16));
    assertEquals(WireFrame.setPwm(16), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    probe.take(message("response_set_pwm_percent", serial));
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
  }

  @Test
  void doesNotCarryOutWhatHasExpiredBehindARequestThatIsAnsweredLate() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    probe.requestExpiringAfter(Duration.ofSeconds(1), Messages.setContactor(serial, true));
    assertNull(charger.pollFrame(Duration.ofMillis(1500)));
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    probe.take(message("response_ping", serial));
    Message error = probe.take(errorOf(serial));
    assertEquals("timeout", error.field("error"));
    assertEquals("request_set_contactor_state", error.field("request_type"));
    assertNextRequestWorks(charger);
  }

  @Test
  void carriesOutInTimeWhatMayExpire() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    probe.requestExpiringAfter(Duration.ofSeconds(60), Messages.setContactor(serial, true));
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    assertEquals(WireFrame.setContactor(true), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    probe.take(message("response_set_contactor_state", serial));
  }

  @Test
  void aLateAnswerIsNotTakenForTheAnswerToTheNextRequestOfTheSameType() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = hearingReplies();
    probe.request(Messages.setPwm(serial, 10), firstReply, "first");
    assertEquals(WireFrame.setPwm(10), charger.takeFrame());
    assertEquals("timeout", probe.take(onTopic(firstReply)).field("error"));
    probe.take(errorOf(serial));

    probe.request(Messages.setPwm(serial, 20), secondReply, "second");
    assertEquals(WireFrame.setPwm(20), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    awaitHeard(charger);
    assertEquals(List.of(), probe.untaken(onTopic(secondReply)));
    assertEquals(List.of(), probe.untaken(message("response_set_pwm_percent", serial)));

    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    Message reply = probe.take(onTopic(secondReply));
    assertEquals(Messages.plain("response_set_pwm_percent", serial), reply.text());
    assertEquals("second", reply.correlation());
    probe.take(message("response_set_pwm_percent", serial));
    assertNextRequestWorks(charger);
    assertEquals(List.of(), probe.untaken(onTopic(firstReply)));
  }

  @Test
  void anAnswerThatNeverCameDoesNotSpoilTheNextRequestOfAnotherType() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = hearingReplies();
    probe.request(Messages.setPwm(serial, 10));
    assertEquals(WireFrame.setPwm(10), charger.takeFrame());
    assertEquals("timeout", probe.take(errorOf(serial)).field("error"));

    probe.request(Messages.setContactor(serial, false), secondReply, "second");
    assertEquals(WireFrame.setContactor(false), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    assertEquals(
        Messages.plain("response_set_contactor_state", serial),
        probe.take(onTopic(secondReply)).text());
    probe.take(message("response_set_contactor_state", serial));
    assertNextRequestWorks(charger);
  }

  @Test
  void anAnswerThatComesTwiceEndsOnlyOneRequest() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = hearingReplies();
    probe.request(Messages.setPwm(serial, 10), firstReply, "first");
    probe.request(Messages.setPwm(serial, 20), secondReply, "second");
    assertEquals(WireFrame.setPwm(10), charger.takeFrame());
    byte[] answer = WireFrame.of(WireFrame.ANSWER_TO_PWM).bytes();
    charger.send(WireFrame.glued(answer, answer));
    assertEquals("first", probe.take(onTopic(firstReply)).correlation());
    assertEquals(WireFrame.setPwm(20), charger.takeFrame());
    awaitHeard(charger);
    assertEquals(List.of(), probe.untaken(onTopic(secondReply)));

    charger.send(answer);
    assertEquals("second", probe.take(onTopic(secondReply)).correlation());
    probe.take(2, message("response_set_pwm_percent", serial));
    assertNextRequestWorks(charger);
  }

  @Test
  void publishesReadingsThatNobodyAskedFor() {
    RawCharger charger = installation.charger(serial);
    for (int percent = 10; percent < 13; percent++) {
      ChargerReading reading = ChargerReading.typical().pwmPercent(percent);
      charger.send(reading.frame());
      assertEquals(
          reading.json(serial),
          installation.probe().take(message("response_collect_data", serial)).text());
    }
    assertNextRequestWorks(charger);
  }

  @Test
  void publishesAnAcknowledgementThatNobodyAskedForUnlessItRepeatsTheLastOne() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    assertEquals(
        Messages.plain("response_set_pwm_percent", serial),
        probe.take(message("response_set_pwm_percent", serial)).text());

    probe.request(Messages.setContactor(serial, true));
    assertEquals(WireFrame.setContactor(true), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    probe.take(message("response_set_contactor_state", serial));
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    awaitHeard(charger);
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));

    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    probe.take(message("response_ping", serial));
    assertNextRequestWorks(charger);
  }

  private MqttProbe hearingReplies() {
    return installation.probe().subscribe(firstReply).subscribe(secondReply);
  }

  /** Returns when the bridge has dealt with everything that the charger has sent before. */
  private void awaitHeard(RawCharger charger) {
    charger.send(WireFrame.of(WireFrame.NOTIFY));
    installation.probe().take(message("notify", serial));
  }

  /** Nothing is left over: the next request is the next frame, and there is no further message. */
  private void assertNextRequestWorks(RawCharger charger) {
    MqttProbe probe = installation.probe();
    probe.request(Messages.setPwm(serial, 77));
    assertEquals(WireFrame.setPwm(77), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    probe.take(message("response_set_pwm_percent", serial));
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
  }
}
