package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.Outcomes.response;
import static dev.evsebridge.charger.session.SessionFixtures.CLOSE;
import static dev.evsebridge.charger.session.SessionFixtures.COLLECT;
import static dev.evsebridge.charger.session.SessionFixtures.CONTACTOR_RESPONSE;
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
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Notification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The one request on a charger's wire, and those that wait for it. */
class ChargerSessionTest {
  private static final Duration A_MOMENT = Duration.ofMillis(1);

  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, new ComingsAndGoings(), new OpenRequests());
  private final TestCharger charger = TestCharger.connected(registry);

  @AfterEach
  void nothingIsLeftOver() {
    assertFalse(charger.channel.finish(), "messages that the test did not read");
  }

  static Stream<Arguments> requestsAndResponses() {
    return Stream.of(
        Arguments.of(PING, PING_RESPONSE),
        Arguments.of(COLLECT, reading(false)),
        Arguments.of(PWM_50, PWM_RESPONSE),
        Arguments.of(CLOSE, CONTACTOR_RESPONSE),
        Arguments.of(OPEN, CONTACTOR_RESPONSE));
  }

  @ParameterizedTest
  @MethodSource("requestsAndResponses")
  void givesEachRequestItsResponseAndPublishesIt(ChargerRequest request, ChargerResponse response) {
    var outcome = send(request);
    assertEquals(List.of(request), charger.received());
    assertOpen(outcome);

    charger.says(response);

    assertEquals(response, response(outcome));
    assertEquals(List.of(response), charger.published());
  }

  @Test
  void holdsOneRequestOnTheWireAndSendsTheOthersInOrder() {
    var ping = send(PING);
    var pwm = send(PWM_50);
    var collect = send(COLLECT);
    assertEquals(List.of(PING), charger.received());

    charger.says(PING_RESPONSE);
    assertEquals(List.of(PWM_50), charger.received());
    charger.says(PWM_RESPONSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false));

    assertEquals(PING_RESPONSE, response(ping));
    assertEquals(PWM_RESPONSE, response(pwm));
    assertEquals(reading(false), response(collect));
    assertEquals(List.of(PING_RESPONSE, PWM_RESPONSE, reading(false)), charger.published());
  }

  @Test
  void isBusyWhenTheQueueIsFullAndNotBefore() {
    List<CompletionStage<@Nullable ChargerResponse>> taken = new ArrayList<>();
    for (int i = 0; i < 1 + QUEUE; i++) {
      taken.add(send(PING));
    }

    assertEquals(ErrorCode.BUSY, error(send(PING)));

    taken.forEach(Outcomes::assertOpen);
    charger.says(PING_RESPONSE);
    assertOpen(send(PING));
    assertEquals(ErrorCode.BUSY, error(send(PING)));
    charger.received();
    charger.published();
  }

  @Test
  void isBusyWhenTheChargerHasStoppedReading() {
    charger.channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);

    assertEquals(ErrorCode.BUSY, error(send(PING)));

    charger.channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
    assertOpen(send(PING));
    assertEquals(List.of(PING), charger.received());
  }

  @Test
  void letsANotificationComeBetweenRequestAndResponse() {
    var ping = send(PING);
    charger.received();

    charger.says(new Notification(TestCharger.ID), PING_RESPONSE);

    assertEquals(PING_RESPONSE, response(ping));
    assertEquals(List.of(new Notification(TestCharger.ID), PING_RESPONSE), charger.published());
  }

  @Test
  void timesOutARequestAndGoesOnWithTheNext() {
    var ping = send(PING);
    var pwm = send(PWM_50);
    assertEquals(List.of(PING), charger.received());

    charger.timePasses(REQUEST_TIMEOUT.minus(A_MOMENT));
    assertOpen(ping);
    charger.timePasses(A_MOMENT);

    assertEquals(ErrorCode.TIMEOUT, error(ping));
    assertTrue(charger.isConnected());
    assertEquals(List.of(PWM_50), charger.received());
    charger.says(PWM_RESPONSE);
    assertEquals(PWM_RESPONSE, response(pwm));
    charger.published();
  }

  @Test
  void measuresTheTimeoutFromTheMomentOfSending() {
    var first = send(PING);
    var second = send(PING);
    charger.timePasses(REQUEST_TIMEOUT.minus(A_MOMENT));
    charger.says(PING_RESPONSE);

    charger.timePasses(REQUEST_TIMEOUT.minus(A_MOMENT));

    assertEquals(PING_RESPONSE, response(first));
    assertOpen(second);
    charger.received();
    charger.published();
  }

  @Test
  void asksSomethingElseFirstWhenTheResponseToAPingIsOwed() {
    send(PING);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    var second = send(PING);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false));
    assertEquals(List.of(PING), charger.received());
    charger.says(PING_RESPONSE);

    assertEquals(PING_RESPONSE, response(second));
    assertEquals(List.of(reading(false), PING_RESPONSE), charger.published());
  }

  @Test
  void asksSomethingElseFirstWhenAReadingIsOwed() {
    send(COLLECT);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    var second = send(COLLECT);
    assertEquals(List.of(PING), charger.received());
    charger.says(PING_RESPONSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false));

    assertEquals(reading(false), response(second));
    assertEquals(List.of(reading(false)), charger.published());
  }

  @Test
  void doesNotTakeALateResponseForTheNextRequestOfTheSameType() {
    send(PING);
    charger.timePasses(REQUEST_TIMEOUT);
    var second = send(PING);
    charger.received();

    charger.says(PING_RESPONSE);

    assertOpen(second);
    assertEquals(List.of(), charger.published());
    charger.says(reading(false));
    charger.says(PING_RESPONSE);
    assertEquals(PING_RESPONSE, response(second));
    assertEquals(List.of(reading(false), PING_RESPONSE), charger.published());
    assertEquals(List.of(PING), charger.received());
  }

  @Test
  void sendsACommandAtOnceAlthoughTheResponseToOneOfItsTypeIsOwed() {
    send(CLOSE);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    send(OPEN);

    assertEquals(List.of(OPEN), charger.received());
  }

  @Test
  void takesTheSecondResponseForTheSecondCommandOfAType() {
    send(CLOSE);
    charger.timePasses(REQUEST_TIMEOUT);
    var opening = send(OPEN);
    charger.received();

    charger.says(CONTACTOR_RESPONSE);
    assertOpen(opening);
    assertEquals(List.of(), charger.published());
    charger.says(CONTACTOR_RESPONSE);

    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertEquals(List.of(CONTACTOR_RESPONSE), charger.published());
    charger.timePasses(REQUEST_TIMEOUT);
    assertEquals(List.of(), charger.received());
  }

  @Test
  void settlesByAPingWhichOfTwoCommandsHasGotItsResponse() {
    send(CLOSE);
    charger.timePasses(REQUEST_TIMEOUT);
    var opening = send(OPEN);
    charger.received();
    charger.says(CONTACTOR_RESPONSE);

    charger.timePasses(REQUEST_TIMEOUT.dividedBy(2));
    assertEquals(List.of(PING), charger.received());
    assertOpen(opening);
    charger.says(PING_RESPONSE);

    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertEquals(List.of(CONTACTOR_RESPONSE), charger.published());
  }

  @ParameterizedTest
  @MethodSource("requestsAndResponses")
  void getsEveryLaterRequestThroughAfterASkippedResponse(
      ChargerRequest request, ChargerResponse response) {
    send(request);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    for (int i = 0; i < 6; i++) {
      var later = send(request);
      for (int asked = 0; asked < 3 && !later.toCompletableFuture().isDone(); asked++) {
        charger.received().forEach(each -> charger.says(responseTo(each)));
        charger.timePasses(REQUEST_TIMEOUT.dividedBy(2));
      }
      assertEquals(response, response(later));
    }
    assertTrue(charger.isConnected());
    charger.published();
    charger.received();
  }

  private static ChargerResponse responseTo(ChargerRequest request) {
    return requestsAndResponses()
        .filter(each -> each.get()[0].equals(request))
        .map(each -> (ChargerResponse) each.get()[1])
        .findFirst()
        .orElseThrow();
  }

  @Test
  void doesNotCountTheTimeInWhichNothingWasRead() {
    BackPressure backPressure = new BackPressure();
    TestCharger paused = new TestCharger(registry, TestCharger.admission(Set.of()), backPressure);
    paused.says(new Hello(TestCharger.SERIAL, 9));
    var ping = send(PING);
    paused.timePasses(REQUEST_TIMEOUT.minus(A_MOMENT));
    backPressure.pause(BackPressure.Reason.BACKLOG);
    paused.says(new Notification(TestCharger.ID));

    paused.timePasses(REQUEST_TIMEOUT.multipliedBy(3));
    assertOpen(ping);
    backPressure.resume(BackPressure.Reason.BACKLOG);
    paused.timePasses(REQUEST_TIMEOUT.minus(A_MOMENT));
    assertOpen(ping);
    paused.timePasses(A_MOMENT);

    assertEquals(ErrorCode.TIMEOUT, error(ping));
  }

  @Test
  void doesNotCountTheTimeInWhichNothingWasReadOfARequestThatIsSentMeanwhile() {
    BackPressure backPressure = new BackPressure();
    backPressure.pause(BackPressure.Reason.BACKLOG);
    TestCharger paused = new TestCharger(registry, TestCharger.admission(Set.of()), backPressure);
    paused.says(new Hello(TestCharger.SERIAL, 9));
    var ping = send(PING);

    paused.timePasses(REQUEST_TIMEOUT.multipliedBy(3));

    assertOpen(ping);
  }

  @Test
  void isDisconnectedNotBusyOnceTheConnectionHasEnded() {
    List<ErrorCode> codes = new ArrayList<>();
    send(PING);
    charger.received();
    // The connection has ended, and the handlers are still to be told.
    charger.channel.closeFuture().addListener(ended -> codes.add(error(send(PING))));

    charger.channel.close();

    assertEquals(List.of(ErrorCode.DISCONNECTED), codes);
  }

  @Test
  void doesNotTakeALateResponseForTheNextRequestOfAnotherType() {
    send(PING);
    charger.timePasses(REQUEST_TIMEOUT);
    var pwm = send(PWM_50);
    charger.received();

    charger.says(PING_RESPONSE);
    assertOpen(pwm);
    charger.says(PWM_RESPONSE);

    assertEquals(PWM_RESPONSE, response(pwm));
    assertEquals(List.of(PWM_RESPONSE), charger.published());
  }

  @Test
  void publishesALateReadingBecauseItsLogIsGoneOtherwise() {
    send(COLLECT);
    charger.timePasses(REQUEST_TIMEOUT);
    var second = send(COLLECT);
    charger.received();

    charger.says(reading(true));

    assertOpen(second);
    assertEquals(List.of(reading(true)), charger.published());
  }

  @Test
  void knowsThatAResponseWillNeverComeOnceALaterOneHasCome() {
    send(PING);
    charger.timePasses(REQUEST_TIMEOUT);
    send(PWM_50);
    charger.says(PWM_RESPONSE);
    var ping = send(PING);
    charger.received();

    charger.says(PING_RESPONSE);

    assertEquals(PING_RESPONSE, response(ping));
    charger.published();
  }

  @Test
  void closesTheConnectionWhenASecondResponseIsOverdue() {
    var first = send(PING);
    var second = send(PWM_50);
    var third = send(COLLECT);

    charger.timePasses(REQUEST_TIMEOUT);
    assertTrue(charger.isConnected());
    charger.timePasses(REQUEST_TIMEOUT);

    assertFalse(charger.isConnected());
    assertEquals(ErrorCode.TIMEOUT, error(first));
    assertEquals(ErrorCode.TIMEOUT, error(second));
    assertEquals(ErrorCode.DISCONNECTED, error(third));
    assertEquals(List.of(PING, PWM_50), charger.received());
  }

  @Test
  void staysConnectedWhenTheOverdueResponseComesAfterAll() {
    send(PING);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.says(PING_RESPONSE);
    var second = send(PING);

    charger.timePasses(REQUEST_TIMEOUT);

    assertEquals(ErrorCode.TIMEOUT, error(second));
    assertTrue(charger.isConnected());
    charger.received();
  }

  @Test
  void doesNotTakeAResponseThatCameTwiceForTheNextRequestOfTheSameType() {
    var first = send(PING);
    var second = send(PING);

    charger.says(PING_RESPONSE, PING_RESPONSE);

    assertEquals(PING_RESPONSE, response(first));
    assertOpen(second);
    assertEquals(List.of(PING_RESPONSE), charger.published());
    assertEquals(List.of(PING, PING), charger.received());
    charger.says(PING_RESPONSE);
    assertEquals(PING_RESPONSE, response(second));
    assertEquals(List.of(PING_RESPONSE), charger.published());
  }

  @Test
  void publishesAnUnsolicitedReading() {
    charger.says(reading(false), reading(true));

    assertEquals(List.of(reading(false), reading(true)), charger.published());
  }

  @Test
  void publishesAnUnsolicitedResponseOnceButNotARepetition() {
    charger.says(PWM_RESPONSE);
    assertEquals(List.of(PWM_RESPONSE), charger.published());

    var ping = send(PING);
    charger.received();
    charger.says(PING_RESPONSE);
    charger.says(PING_RESPONSE);

    assertEquals(PING_RESPONSE, response(ping));
    assertEquals(List.of(PING_RESPONSE), charger.published());
  }

  @Test
  void keepsWaitingWhenAResponseOfAnotherTypeComes() {
    var ping = send(PING);
    charger.received();

    charger.says(CONTACTOR_RESPONSE);

    assertOpen(ping);
    charger.says(PING_RESPONSE);
    assertEquals(PING_RESPONSE, response(ping));
    charger.published();
  }

  @Test
  void failsEverythingOutstandingWhenTheConnectionEnds() {
    var onWire = send(PING);
    var waiting = List.of(send(PWM_50), send(COLLECT));
    assertEquals(List.of(PING), charger.received());

    charger.channel.close();

    assertEquals(ErrorCode.DISCONNECTED, error(onWire));
    waiting.forEach(request -> assertEquals(ErrorCode.DISCONNECTED, error(request)));
    assertEquals(List.of(), charger.received());
    assertEquals(ErrorCode.NOT_CONNECTED, error(send(PING)));
  }

  @Test
  void doesNotSendWhatExpiredWhileItWaited() {
    long[] nowNanos = {0};
    Deadline inOneSecond = Deadline.after(Duration.ofSeconds(1), () -> nowNanos[0]);
    send(PING);
    var expiring = registry.submit(CLOSE, inOneSecond);
    var lasting = send(PWM_50);
    assertEquals(List.of(PING), charger.received());

    nowNanos[0] = Duration.ofSeconds(1).toNanos();
    charger.says(PING_RESPONSE);

    assertEquals(List.of(PWM_50), charger.received());
    assertEquals(ErrorCode.TIMEOUT, error(expiring));
    assertOpen(lasting);
    charger.published();
  }

  @Test
  void sendsWhatHasNotExpiredYet() {
    long[] nowNanos = {0};
    send(PING);
    registry.submit(CLOSE, Deadline.after(Duration.ofSeconds(1), () -> nowNanos[0]));
    charger.received();

    nowNanos[0] = Duration.ofSeconds(1).toNanos() - 1;
    charger.says(PING_RESPONSE);

    assertEquals(List.of(CLOSE), charger.received());
    charger.published();
  }

  @Test
  void publishesTheResponseBeforeItEndsTheRequest() {
    List<String> order = new ArrayList<>();
    var unused =
        send(COLLECT)
            .whenComplete(
                (response, failure) -> order.add("ended after " + charger.published().size()));
    charger.received();

    charger.says(reading(false));

    assertEquals(List.of("ended after 1"), order);
  }

  private CompletionStage<@Nullable ChargerResponse> send(ChargerRequest request) {
    return registry.submit(request, Deadline.NONE);
  }
}
