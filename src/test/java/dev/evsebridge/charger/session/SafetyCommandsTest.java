package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.Outcomes.response;
import static dev.evsebridge.charger.session.SessionFixtures.CLOSE;
import static dev.evsebridge.charger.session.SessionFixtures.COLLECT;
import static dev.evsebridge.charger.session.SessionFixtures.CONTACTOR_RESPONSE;
import static dev.evsebridge.charger.session.SessionFixtures.FIRMWARE;
import static dev.evsebridge.charger.session.SessionFixtures.LIMITS;
import static dev.evsebridge.charger.session.SessionFixtures.OPEN;
import static dev.evsebridge.charger.session.SessionFixtures.PING;
import static dev.evsebridge.charger.session.SessionFixtures.PING_RESPONSE;
import static dev.evsebridge.charger.session.SessionFixtures.PWM_50;
import static dev.evsebridge.charger.session.SessionFixtures.PWM_RESPONSE;
import static dev.evsebridge.charger.session.SessionFixtures.QUEUE;
import static dev.evsebridge.charger.session.SessionFixtures.REQUEST_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Commands that must not wait. */
class SafetyCommandsTest {
  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, new ComingsAndGoings(), new OpenRequests());
  private final TestCharger charger = TestCharger.connected(registry);
  private final ChargerSession session = session();

  @Test
  void goBesideTheRequestOnTheWireAndBeforeThoseThatWait() {
    var collect = send(COLLECT);
    var ping = send(PING);

    var opening = session.submitUrgent(OPEN);
    assertEquals(List.of(COLLECT, OPEN), charger.received());
    charger.says(reading(true), CONTACTOR_RESPONSE);

    assertEquals(reading(true), response(collect));
    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertEquals(List.of(PING), charger.received());
    charger.says(PING_RESPONSE);
    assertEquals(PING_RESPONSE, response(ping));
    assertEquals(List.of(reading(true), CONTACTOR_RESPONSE, PING_RESPONSE), charger.published());
  }

  @Test
  void goOneAtATime() {
    send(COLLECT);

    var opening = session.submitUrgent(OPEN);
    var pwm = session.submitUrgent(PWM_50);
    assertEquals(List.of(COLLECT, OPEN), charger.received());
    charger.says(reading(true));
    assertEquals(List.of(), charger.received());
    charger.says(CONTACTOR_RESPONSE);
    assertEquals(List.of(PWM_50), charger.received());
    charger.says(PWM_RESPONSE);

    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertEquals(PWM_RESPONSE, response(pwm));
  }

  @Test
  void openWithoutWaitingForAnotherCommandAndNeverCloseAfterwards() {
    var pwm = session.submitUrgent(PWM_50);
    var closing = session.submitUrgent(CLOSE);
    assertEquals(List.of(PWM_50), charger.received());

    var opening = session.submitUrgent(OPEN);

    assertEquals(List.of(OPEN), charger.received());
    assertEquals(ErrorCode.BUSY, error(closing));
    charger.says(PWM_RESPONSE, CONTACTOR_RESPONSE);
    assertEquals(List.of(), charger.received());
    assertEquals(PWM_RESPONSE, response(pwm));
    assertEquals(CONTACTOR_RESPONSE, response(opening));
  }

  @Test
  void openBeforeOtherSafetyCommandsThatWait() {
    session.submitUrgent(PWM_50);
    var later = session.submitUrgent(PWM_50);
    assertEquals(List.of(PWM_50), charger.received());

    session.submitUrgent(OPEN);

    assertEquals(List.of(OPEN), charger.received());
    charger.says(PWM_RESPONSE, CONTACTOR_RESPONSE);
    assertEquals(List.of(PWM_50), charger.received());
    charger.says(PWM_RESPONSE);
    assertEquals(PWM_RESPONSE, response(later));
  }

  @Test
  void areNotHeldUpByAPingOfTheBridgeItselfWhoseResponseIsNotPublished() {
    var ping = session.ping();
    var opening = session.submitUrgent(OPEN);
    assertEquals(List.of(PING, OPEN), charger.received());

    charger.says(PING_RESPONSE, CONTACTOR_RESPONSE);

    assertEquals(PING_RESPONSE, response(ping));
    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertEquals(List.of(CONTACTOR_RESPONSE), charger.published());
  }

  @Test
  void letNoOtherRequestPassWhileTheyAreUnanswered() {
    session.submitUrgent(OPEN);
    var ping = send(PING);
    assertEquals(List.of(OPEN), charger.received());

    charger.says(CONTACTOR_RESPONSE);

    assertEquals(List.of(PING), charger.received());
    assertOpen(ping);
  }

  @Test
  void areTakenByAFullQueue() {
    for (int i = 0; i < 1 + QUEUE; i++) {
      send(PING);
    }

    assertOpen(session.submitUrgent(OPEN));
    assertEquals(List.of(PING, OPEN), charger.received());
  }

  @Test
  void areTakenByAChargerThatHasStoppedReading() {
    charger.channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);

    assertOpen(session.submitUrgent(OPEN));
  }

  @Test
  void endTheWaitForAResponseThatTheChargerHasSkipped() {
    var collect = send(COLLECT);
    var opening = session.submitUrgent(OPEN);

    charger.says(CONTACTOR_RESPONSE);

    assertEquals(ErrorCode.TIMEOUT, error(collect));
    assertEquals(CONTACTOR_RESPONSE, response(opening));
    charger.timePasses(REQUEST_TIMEOUT);
    assertTrue(charger.isConnected());
  }

  @Test
  void timeOutByThemselves() {
    var collect = send(COLLECT);
    charger.timePasses(REQUEST_TIMEOUT.dividedBy(2));
    var opening = session.submitUrgent(OPEN);

    charger.timePasses(REQUEST_TIMEOUT.dividedBy(2));
    assertEquals(ErrorCode.TIMEOUT, error(collect));
    assertOpen(opening);
    charger.timePasses(REQUEST_TIMEOUT.dividedBy(2));

    assertEquals(ErrorCode.TIMEOUT, error(opening));
    assertFalse(charger.isConnected());
  }

  @Test
  void failWhenTheConnectionEnds() {
    send(COLLECT);
    var sent = session.submitUrgent(OPEN);
    var waiting = session.submitUrgent(PWM_50);

    charger.channel.close();

    assertEquals(ErrorCode.DISCONNECTED, error(sent));
    assertEquals(ErrorCode.DISCONNECTED, error(waiting));
    assertEquals(ErrorCode.DISCONNECTED, error(session.submitUrgent(OPEN)));
  }

  @Test
  void goBeforeAFirmwareUploadOfWhichNothingHasBeenSent() {
    var upload = send(FIRMWARE);
    var opening = session.submitUrgent(OPEN);
    assertEquals(List.of(COLLECT, OPEN), charger.received());

    charger.says(reading(false), CONTACTOR_RESPONSE);

    assertEquals(ErrorCode.BUSY, error(upload));
    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void doNotComeIntoTheMiddleOfAnImage() {
    var upload = send(FIRMWARE);
    charger.says(reading(false));
    charger.received();

    assertEquals(ErrorCode.BUSY, error(session.submitUrgent(OPEN)));
    assertEquals(List.of(), charger.received());
    assertOpen(upload);
  }

  private ChargerSession session() {
    ChargerSession found = registry.find(TestCharger.ID);
    assertNotNull(found);
    return found;
  }

  private CompletionStage<@Nullable ChargerResponse> send(ChargerRequest request) {
    return registry.submit(request, Deadline.NONE);
  }
}
