package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.Outcomes.response;
import static dev.evsebridge.charger.session.SessionFixtures.CLOSE;
import static dev.evsebridge.charger.session.SessionFixtures.COLLECT;
import static dev.evsebridge.charger.session.SessionFixtures.LIMITS;
import static dev.evsebridge.charger.session.SessionFixtures.OPEN;
import static dev.evsebridge.charger.session.SessionFixtures.PING;
import static dev.evsebridge.charger.session.SessionFixtures.PING_RESPONSE;
import static dev.evsebridge.charger.session.SessionFixtures.PWM_50;
import static dev.evsebridge.charger.session.SessionFixtures.REQUEST_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What guards decide about requests, and when. */
class GuardedRequestsTest {
  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, new ComingsAndGoings(), new OpenRequests());
  private final TestCharger charger = TestCharger.connected(registry);
  private final Set<ChargerRequest> refused = new HashSet<>();
  private final Set<ChargerRequest> refusedAtLast = new HashSet<>();
  private final Set<ChargerRequest> needReading = new HashSet<>();

  @Test
  void haveTheLastWordWhenARequestThatHasWaitedIsAboutToGoOut() {
    registry.guard(guard(ErrorCode.INTERLOCK));
    var ping = send(PING);
    var closing = send(CLOSE);
    var pwm = send(PWM_50);
    assertEquals(List.of(PING), charger.received());

    refusedAtLast.add(CLOSE);
    charger.says(PING_RESPONSE);

    assertEquals(List.of(PWM_50), charger.received());
    assertEquals(PING_RESPONSE, response(ping));
    assertEquals(ErrorCode.INTERLOCK, error(closing));
    assertOpen(pwm);
  }

  @Test
  void areAllAsked() {
    registry.guard(guard(ErrorCode.CONTROLLED));
    registry.guard(
        (session, request) ->
            request.equals(OPEN) ? new RequestFailedException(ErrorCode.INTERLOCK, "No.") : null);
    refused.add(CLOSE);

    assertEquals(ErrorCode.CONTROLLED, error(send(CLOSE)));
    assertEquals(ErrorCode.INTERLOCK, error(send(OPEN)));
    assertOpen(send(PING));
  }

  @Test
  void sayWhatBecomesOfARequestWhoseReadingDidNotCome() {
    registry.guard(guard(ErrorCode.INTERLOCK));
    needReading.add(CLOSE);

    var closing = send(CLOSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.timePasses(REQUEST_TIMEOUT);

    assertEquals(ErrorCode.INTERLOCK, error(closing));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void doNotKeepASafetyCommandBack() {
    registry.guard(guard(ErrorCode.INTERLOCK));
    refused.add(OPEN);
    refusedAtLast.add(OPEN);

    assertOpen(session().submitUrgent(OPEN));
    assertEquals(List.of(OPEN), charger.received());
  }

  @Test
  void letAnUrgentReadingGoBesideTheRequestOnTheWireAndShareOne() {
    send(PING);
    var first = session().collectUrgently();
    var second = session().collectUrgently();

    assertEquals(List.of(PING, COLLECT), charger.received());
    charger.says(PING_RESPONSE, reading(false));

    assertEquals(reading(false), response(first));
    assertEquals(reading(false), response(second));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void hearOfEveryValidRequestAlsoToAChargerThatIsAway() {
    int[] heard = {0};
    registry.onRequest(atNanos -> heard[0]++);

    send(PING);
    send(new ChargerRequest.Ping("Nobody"));

    assertEquals(2, heard[0]);
  }

  @Test
  void saysWhenARequestArrivedThatWasReadLater() {
    long[] heardNanos = {0};
    registry.onRequest(atNanos -> heardNanos[0] = atNanos);
    long arrivedAtNanos = System.nanoTime() - Duration.ofMinutes(1).toNanos();
    Exchange exchange = new DefaultExchange(new DefaultCamelContext());
    exchange.setProperty(Deadline.ARRIVED_AT_NANOS, arrivedAtNanos);

    var unused = registry.send(PING, exchange);

    assertEquals(arrivedAtNanos, heardNanos[0]);
  }

  private RequestGuard guard(ErrorCode code) {
    return new RequestGuard() {
      @Override
      public boolean needsReading(ChargerSession session, ChargerRequest request) {
        return needReading.contains(request);
      }

      @Override
      public @Nullable RequestFailedException refusal(
          ChargerSession session, ChargerRequest request) {
        return refused.contains(request) ? new RequestFailedException(code, "No.") : null;
      }

      @Override
      public @Nullable RequestFailedException lastWord(
          ChargerSession session, ChargerRequest request) {
        return refusedAtLast.contains(request) ? new RequestFailedException(code, "No.") : null;
      }

      @Override
      public RequestFailedException withoutReading(
          ChargerSession session, ChargerRequest request, RequestFailedException failure) {
        return new RequestFailedException(code, "Nothing is known.");
      }
    };
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
