package dev.evsebridge.charger.connection;

import static dev.evsebridge.charger.session.SessionFixtures.LIMITS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.BackPressure.Reason;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionObserver;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.charger.session.TestCharger;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PingResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A charger that the bridge controls is heard whatever broker and routes do. */
class HeldMessagesTest {
  private static final Hello HELLO = new Hello(TestCharger.SERIAL, 9);
  private static final Notification CHANGED = new Notification(TestCharger.ID);
  private static final PingResponse ALIVE = new PingResponse(TestCharger.ID);

  /** Stands for the charge controller and the interlock. */
  private static final class Controller implements SessionListener, SessionObserver {
    final List<ChargerSession> sessions = new ArrayList<>();
    int notifications;

    @Override
    public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
      sessions.add(session);
      session.keepHearing();
      session.observe(this);
    }

    @Override
    public void disconnected(ChargerSession session) {}

    @Override
    public void notified(ChargerSession session) {
      notifications++;
    }
  }

  private final Controller controller = new Controller();
  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, controller, new OpenRequests());
  private final BackPressure backPressure = new BackPressure();
  private final TestCharger charger =
      new TestCharger(registry, TestCharger.admission(Set.of()), backPressure);

  @ParameterizedTest
  @EnumSource(Reason.class)
  void isHeardWhileReadingIsPausedAndPublishedAfterwardsInOrder(Reason reason) {
    connect();
    pause(reason);

    charger.says(CHANGED, ALIVE);
    charger.says(CHANGED);

    assertEquals(2, controller.notifications);
    assertEquals(List.of(), published());
    backPressure.resume(reason);
    assertEquals(List.of(CHANGED, ALIVE, CHANGED), published());
    charger.says(CHANGED);
    assertEquals(List.of(CHANGED), published());
  }

  @Test
  void endsRequestsByTheirResponsesWhileReadingIsPaused() {
    connect();
    pause(Reason.BACKLOG);
    var ping = controller.sessions.get(0).ping();
    charger.received();

    charger.says(ALIVE);

    assertTrue(ping.toCompletableFuture().isDone());
  }

  @Test
  void isHeardFromItsHelloOnIfReadingIsPausedAlready() {
    backPressure.pause(Reason.BACKLOG);

    charger.says(HELLO);
    charger.says(CHANGED);

    assertEquals(1, controller.notifications);
    assertEquals(List.of(new NewConnection(TestCharger.ID, 9)), published());
    backPressure.resume(Reason.BACKLOG);
    assertEquals(List.of(CHANGED), published());
  }

  @Test
  void isReadNoMoreWhenAsMuchWaitsAsMayAndLosesNothing() {
    connect();
    pause(Reason.BACKLOG);

    charger.says(Collections.nCopies(HeldMessages.MOST, CHANGED).toArray());
    assertFalse(isRead());
    charger.says(ALIVE);
    assertEquals(HeldMessages.MOST, controller.notifications);

    backPressure.resume(Reason.BACKLOG);
    assertTrue(isRead());
    List<ChargerMessage> all = new ArrayList<>(Collections.nCopies(HeldMessages.MOST, CHANGED));
    all.add(ALIVE);
    assertEquals(all, published());
  }

  @Test
  void publishesWhatWasHeldWhenTheConnectionEnds() {
    connect();
    pause(Reason.BACKLOG);
    charger.says(CHANGED, ALIVE);

    charger.channel.close();

    assertEquals(List.of(CHANGED, ALIVE), published());
  }

  @Test
  void holdsWhatExceedsItsShareWhileTheBrokerIsBehind() {
    connect();
    backPressure.share();

    charger.says(Collections.nCopies(BackPressure.SHARE + 1, CHANGED).toArray());

    assertEquals(BackPressure.SHARE + 1, controller.notifications);
    assertEquals(Collections.nCopies(BackPressure.SHARE, CHANGED), published());
    backPressure.resume(Reason.BACKLOG);
    assertEquals(List.of(CHANGED), published());
  }

  @Test
  void passesOneMessageAtATimeWhenItIsPausedAgainWhileItIsReleased() {
    connect();
    pause(Reason.BACKLOG);
    charger.says(CHANGED, ALIVE);

    backPressure.resume(Reason.BACKLOG);
    backPressure.pause(Reason.BACKLOG);

    assertEquals(List.of(CHANGED), published());
    backPressure.resume(Reason.BACKLOG);
    assertEquals(List.of(ALIVE), published());
  }

  private void connect() {
    charger.says(HELLO);
    published();
  }

  /** The message that a connection is busy with still passes. */
  private void pause(Reason reason) {
    backPressure.pause(reason);
    charger.says(ALIVE);
    assertEquals(List.of(ALIVE), published());
  }

  private List<ChargerMessage> published() {
    charger.channel.runPendingTasks();
    return charger.published();
  }

  private boolean isRead() {
    return charger.channel.config().isAutoRead();
  }
}
