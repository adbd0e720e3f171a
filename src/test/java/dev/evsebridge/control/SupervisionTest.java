package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.session.ComingsAndGoings;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.Outcomes;
import dev.evsebridge.charger.session.SessionFixtures;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.charger.session.TestCharger;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The interlock on a charger's connection: what is written, in which order, and who is told. */
class SupervisionTest {
  private static final ChargerRequest COLLECT = SessionFixtures.COLLECT;
  private static final ChargerRequest CLOSE = SessionFixtures.CLOSE;
  private static final ChargerRequest OPEN = SessionFixtures.OPEN;
  private static final ChargerRequest PWM_100 =
      new ChargerRequest.SetPwmPercent(TestCharger.ID, 100);
  private static final ChargerRequest PING = SessionFixtures.PING;
  private static final Duration POLL = Duration.ofSeconds(5);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(6);
  private static final Instant NOW = Instant.parse("2026-11-26T11:30:05Z");

  private SessionRegistry registry = newRegistry();
  private final List<String> told = new ArrayList<>();
  private final List<OpeningJournal> journals = new ArrayList<>();
  private long nowNanos;
  private final Path folder;

  SupervisionTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** They write on threads of their own, and the folder goes. */
  @AfterEach
  void end() {
    journals.forEach(OpeningJournal::close);
  }

  @Test
  void leavesTheWireAloneOfChargersThatItDoesNotWatch() {
    supervise(null);
    TestCharger charger = TestCharger.connected(registry);

    Outcomes.assertOpen(send(CLOSE));

    assertEquals(List.of(CLOSE), charger.received());
  }

  @Test
  void takesAReadingBeforeItCloses() {
    supervise(true);
    TestCharger charger = idle();
    timePasses(charger, Duration.ofSeconds(7));

    var closing = send(CLOSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false, PilotVoltage.VOLT_6));

    assertEquals(List.of(CLOSE), charger.received());
    Outcomes.assertOpen(closing);
  }

  @Test
  void refusesToCloseWithTheErrorInterlock() {
    supervise(true);
    TestCharger charger = idle();

    var closing = send(CLOSE);

    assertEquals(ErrorCode.INTERLOCK, Outcomes.error(closing));
    assertTrue(Outcomes.detail(closing).contains("B (volt_9)"), Outcomes.detail(closing));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void refusesToCloseWhenTheReadingDoesNotCome() {
    supervise(true);
    TestCharger charger = idle();
    timePasses(charger, Duration.ofSeconds(7));

    var closing = send(CLOSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.timePasses(SessionFixtures.REQUEST_TIMEOUT);

    assertEquals(ErrorCode.INTERLOCK, Outcomes.error(closing));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void doesNotWriteACloseThatHasWaitedWhileTheCarStopped() {
    supervise(true);
    TestCharger charger = idle();
    charger.says(reading(false, PilotVoltage.VOLT_6));
    send(PING);
    var closing = send(CLOSE);
    assertEquals(List.of(PING), charger.received());

    charger.says(notification(), SessionFixtures.PING_RESPONSE);

    assertEquals(List.of(), charger.received());
    assertEquals(ErrorCode.INTERLOCK, Outcomes.error(closing));
  }

  @Test
  void opensBeforeAllThatWaitsAndTellsIt() {
    supervise(true);
    TestCharger charger = closed();
    send(PING);
    send(PWM_100);

    charger.says(notification());
    assertEquals(List.of(PING, COLLECT), charger.received());
    charger.says(SessionFixtures.PING_RESPONSE, reading(true, PilotVoltage.VOLT_9));
    assertEquals(List.of(OPEN), charger.received());
    assertEquals(List.of(), told);
    charger.says(SessionFixtures.CONTACTOR_RESPONSE);

    assertEquals(List.of(PWM_100), charger.received());
    assertEquals(List.of(TestCharger.ID + " OPENED VOLT_9 2026-11-26T11:30:05.000Z"), told);
  }

  @Test
  void opensWhenNoReadingFollowsANotification() {
    supervise(true);
    TestCharger charger = closed();

    charger.says(notification());
    assertEquals(List.of(COLLECT), charger.received());
    timePasses(charger, Interlock.READING_PATIENCE);

    assertEquals(List.of(OPEN), charger.received());
  }

  @Test
  void stopsGracefullyAndSaysWhenItIsDone() {
    Supervision supervision = supervise(true);
    TestCharger charger = closed();

    supervision.stop(Supervision.Reason.BROKER_AWAY);
    assertEquals(List.of(PWM_100), charger.received());
    charger.says(SessionFixtures.PWM_RESPONSE);
    timePasses(charger, Interlock.STOP_POLL);
    assertEquals(List.of(COLLECT), charger.received());
    assertFalse(supervision.isStopped());
    charger.says(reading(true, PilotVoltage.VOLT_9));
    assertEquals(List.of(OPEN), charger.received());
    charger.says(SessionFixtures.CONTACTOR_RESPONSE);

    assertTrue(supervision.isStopped());
    assertEquals(ErrorCode.INTERLOCK, Outcomes.error(send(CLOSE)));
  }

  @Test
  void remembersAnOpeningOverARestartOfTheBridge() {
    Supervision before = supervise(true);
    TestCharger charger = closed();
    charger.says(reading(true, PilotVoltage.VOLT_9));
    charger.says(SessionFixtures.CONTACTOR_RESPONSE);
    before.awaitStopped();

    registry = newRegistry();
    supervise(true);
    idle().says(reading(false, PilotVoltage.VOLT_6));
    String detail = Outcomes.detail(send(CLOSE));
    assertTrue(detail.contains("was opened 0 ms ago"), detail);
    nowNanos += Interlock.MIN_OFF.toNanos();
    registry = newRegistry();
    supervise(true);
    TestCharger later = idle();
    later.received();
    later.says(reading(false, PilotVoltage.VOLT_6));

    Outcomes.assertOpen(send(CLOSE));
  }

  @Test
  void resumesOnlyWhenNoReasonIsLeft() {
    Supervision supervision = supervise(false);
    TestCharger charger = idle();
    supervision.stop(Supervision.Reason.BROKER_AWAY);
    supervision.stop(Supervision.Reason.CONTROL_GONE);

    supervision.resume(Supervision.Reason.BROKER_AWAY);
    assertEquals(ErrorCode.INTERLOCK, Outcomes.error(send(CLOSE)));
    supervision.resume(Supervision.Reason.CONTROL_GONE);

    Outcomes.assertOpen(send(CLOSE));
    assertEquals(List.of(CLOSE), charger.received());
  }

  @Test
  void pollsOnlyWhileItIsTold() {
    Supervision supervision = supervise(false);
    TestCharger charger = TestCharger.connected(registry);
    timePasses(charger, Duration.ofMinutes(1));
    assertEquals(List.of(), charger.received());

    supervision.poll(true);
    for (int i = 0; i < 3; i++) {
      assertEquals(List.of(COLLECT), charger.received());
      charger.says(reading(false, PilotVoltage.VOLT_9));
      timePasses(charger, POLL);
    }
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false, PilotVoltage.VOLT_9));
    assertEquals(4, charger.published().size(), "readings are published as always");

    supervision.poll(false);
    timePasses(charger, Duration.ofMinutes(1));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void pollsOverReconnects() {
    supervise(false).poll(true);
    TestCharger charger = TestCharger.connected(registry);
    assertEquals(List.of(COLLECT), charger.received());

    TestCharger again = TestCharger.connected(registry);

    assertEquals(List.of(COLLECT), again.received());
    timePasses(charger, POLL);
    assertEquals(List.of(), charger.received());
  }

  private static SessionRegistry newRegistry() {
    return new SessionRegistry(SessionFixtures.LIMITS, new ComingsAndGoings(), new OpenRequests());
  }

  private Supervision supervise(@Nullable Boolean enforced) {
    OpeningJournal journal =
        new OpeningJournal(
            folder.resolve("state/openings.txt"),
            Clock.fixed(NOW.plusNanos(nowNanos), ZoneOffset.UTC));
    journals.add(journal);
    Supervision supervision =
        new Supervision(
            serial ->
                enforced == null ? null : new InterlockRules(enforced, false, 0, STOP_TIMEOUT),
            POLL,
            STOP_TIMEOUT,
            this::tell,
            journal,
            Clock.fixed(NOW, ZoneOffset.UTC),
            () -> nowNanos);
    registry.addListener(supervision);
    registry.guard(supervision);
    return supervision;
  }

  private void tell(String clientId, InterlockAction action) {
    told.add(clientId + " " + action.action() + " " + action.pilot() + " " + action.at());
  }

  /** Connected, read, and with a vehicle that does not ask. */
  private TestCharger idle() {
    TestCharger charger = TestCharger.connected(registry);
    charger.received();
    charger.says(reading(false, PilotVoltage.VOLT_9));
    charger.published();
    return charger;
  }

  private TestCharger closed() {
    TestCharger charger = idle();
    charger.says(reading(false, PilotVoltage.VOLT_6));
    send(CLOSE);
    assertEquals(List.of(CLOSE), charger.received());
    charger.says(SessionFixtures.CONTACTOR_RESPONSE);
    charger.received();
    return charger;
  }

  private void timePasses(TestCharger charger, Duration duration) {
    nowNanos += duration.toNanos();
    charger.timePasses(duration);
  }

  private CompletionStage<@Nullable ChargerResponse> send(ChargerRequest request) {
    return registry.submit(request, Deadline.NONE);
  }

  private static Notification notification() {
    return new Notification(TestCharger.ID);
  }

  private static Reading reading(boolean closed, PilotVoltage pilot) {
    return new Reading(
        TestCharger.ID,
        26,
        closed,
        new Measurements(pilot, ProximityPilot.AMP_32, 0, 0, 0, 0, 0, 0, -70, 60_000, 0, 0, ""));
  }
}
