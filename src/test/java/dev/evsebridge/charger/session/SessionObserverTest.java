package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.detail;
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
import static dev.evsebridge.charger.session.SessionFixtures.REQUEST_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.RequestFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What whoever controls a charger is told, and what only such a one changes. */
class SessionObserverTest {
  private final List<String> told = new ArrayList<>();
  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, new ComingsAndGoings(), new OpenRequests());

  @Test
  void isToldWhatHappensOnTheConnection() {
    TestCharger charger = observed();

    charger.says(new Notification(TestCharger.ID), reading(true));
    send(OPEN);
    charger.says(CONTACTOR_RESPONSE);
    send(PWM_50);
    charger.timePasses(REQUEST_TIMEOUT);
    send(CLOSE);
    charger.channel.close();

    assertEquals(
        List.of(
            "connected",
            "notified",
            "reading true",
            "acknowledged " + OPEN,
            "failed " + PWM_50 + " TIMEOUT",
            "failed " + CLOSE + " DISCONNECTED",
            "disconnected"),
        told);
  }

  @Test
  void isToldOfAReadingAfterItWasPublished() {
    List<Integer> published = new ArrayList<>();
    TestCharger[] charger = new TestCharger[1];
    observeWith(
        new SessionObserver() {
          @Override
          public void reading(ChargerSession session, Reading reading) {
            published.add(charger[0].published().size());
          }
        });
    charger[0] = TestCharger.connected(registry);

    charger[0].says(reading(false));

    assertEquals(List.of(1), published);
  }

  @Test
  void maySendACommandTheMomentAReadingComes() {
    observeWith(
        new SessionObserver() {
          @Override
          public void reading(ChargerSession session, Reading reading) {
            var unused = session.submitUrgent(OPEN);
          }
        });
    TestCharger charger = TestCharger.connected(registry);
    send(COLLECT);
    charger.received();

    charger.channel.writeOneInbound(reading(true));

    assertEquals(OPEN, charger.channel.readOutbound());
  }

  @Test
  void letsCollectsShareTheResponseOfOneOnTheWire() {
    TestCharger charger = observed();
    var first = send(COLLECT);
    var second = send(COLLECT);

    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false));

    assertEquals(reading(false), response(first));
    assertEquals(reading(false), response(second));
    assertEquals(List.of(reading(false)), charger.published());
    assertEquals(List.of(), charger.received());
  }

  @Test
  void letsCollectsShareTheResponseOfOneThatWaits() {
    TestCharger charger = observed();
    send(PING);
    var first = send(COLLECT);
    var second = send(COLLECT);
    assertEquals(List.of(PING), charger.received());

    charger.says(PING_RESPONSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false));

    assertEquals(reading(false), response(first));
    assertEquals(reading(false), response(second));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void letsASharedCollectFailWithTheOther() {
    TestCharger charger = observed();
    var first = send(COLLECT);
    var second = send(COLLECT);

    charger.timePasses(REQUEST_TIMEOUT);

    assertEquals(ErrorCode.TIMEOUT, error(first));
    assertEquals(ErrorCode.TIMEOUT, error(second));
  }

  @Test
  void letsNoCollectShareTheFateOfOneThatMayExpire() {
    TestCharger charger = observed();
    send(PING);
    registry.submit(COLLECT, Deadline.after(Duration.ZERO));
    var lasting = send(COLLECT);

    charger.says(PING_RESPONSE);

    assertEquals(List.of(PING, COLLECT), charger.received());
    assertOpen(lasting);
  }

  @Test
  void isNeededForCollectsToShareAResponse() {
    TestCharger charger = TestCharger.connected(registry);
    send(COLLECT);
    send(COLLECT);

    charger.says(reading(false));

    assertEquals(List.of(COLLECT, COLLECT), charger.received());
  }

  @Test
  void leavesRequestsFromOutsideToAGuard() {
    registry.guard(
        (session, request) ->
            request instanceof SetContactorState
                ? new RequestFailedException(ErrorCode.BUSY, "Not now, " + session.clientId())
                : null);
    TestCharger charger = TestCharger.connected(registry);
    ChargerSession session = Objects.requireNonNull(registry.find(TestCharger.ID));

    var refused = send(CLOSE);
    send(PING);
    var own = session.submitUrgent(CLOSE);

    assertEquals("Not now, " + TestCharger.ID, detail(refused));
    assertEquals(List.of(PING, CLOSE), charger.received());
    assertOpen(own);
  }

  @Test
  void endsTheConnectionWhenItFailsItself() {
    observeWith(
        new SessionObserver() {
          @Override
          public void acknowledged(ChargerSession session, ChargerRequest command) {
            throw new IllegalStateException("a fault");
          }
        });
    TestCharger charger = TestCharger.connected(registry);
    var opening = send(OPEN);

    charger.says(CONTACTOR_RESPONSE);

    assertEquals(CONTACTOR_RESPONSE, response(opening));
    assertFalse(charger.isConnected());
  }

  private TestCharger observed() {
    observeWith(
        new SessionObserver() {
          @Override
          public void connected(ChargerSession session) {
            told.add("connected");
          }

          @Override
          public void reading(ChargerSession session, Reading reading) {
            told.add("reading " + reading.contactorClosed());
          }

          @Override
          public void notified(ChargerSession session) {
            told.add("notified");
          }

          @Override
          public void acknowledged(ChargerSession session, ChargerRequest command) {
            told.add("acknowledged " + command);
          }

          @Override
          public void failed(ChargerSession session, ChargerRequest command, ErrorCode code) {
            told.add("failed " + command + " " + code);
          }

          @Override
          public void disconnected(ChargerSession session) {
            told.add("disconnected");
          }
        });
    return TestCharger.connected(registry);
  }

  private void observeWith(SessionObserver observer) {
    registry.addListener(
        new SessionListener() {
          @Override
          public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
            session.observe(observer);
            session.shareCollects();
          }

          @Override
          public void disconnected(ChargerSession session) {}
        });
  }

  private CompletionStage<@Nullable ChargerResponse> send(ChargerRequest request) {
    return registry.submit(request, Deadline.NONE);
  }
}
