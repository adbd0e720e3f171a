package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules of the interlock, one by one. */
class InterlockTest {
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(6);
  private static final Command OPEN = new Command.SetContactor(false);
  private static final Command NO_OFFER = new Command.SetPwm(100, true);
  private static final Command COLLECT = new Command.Collect();

  private Interlock interlock = interlock(true, false, 0);
  private long nowNanos = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos(); // wraps on the way
  private long deadlineNanos;
  private boolean hasDeadline;
  private final List<Interlock.Action> done = new ArrayList<>();

  private static Interlock interlock(boolean enforced, boolean ventilation, int cableDeciamps) {
    return new Interlock(new InterlockRules(enforced, ventilation, cableDeciamps, STOP_TIMEOUT));
  }

  // ---- closing ----------------------------------------------------------------------------------

  @Test
  void letsCloseWhenAReadingShowsThatTheCarAsks() {
    connected(false, PilotVoltage.VOLT_6);

    assertNull(refusalToClose());
  }

  @ParameterizedTest
  @EnumSource(
      value = PilotVoltage.class,
      names = {"VOLT_12", "VOLT_9", "VOLT_3", "FAULT"})
  void refusesToCloseInEveryOtherState(PilotVoltage pilot) {
    connected(false, pilot);

    assertRefused(refusalToClose(), "only in state C");
    assertFalse(interlock.needsReadingToClose(nowNanos), "a fresh reading has told already");
  }

  @Test
  void letsCloseInStateDWhereVentilationIsAllowed() {
    interlock = interlock(true, true, 0);
    connected(false, PilotVoltage.VOLT_3);

    assertNull(refusalToClose());
  }

  @Test
  void refusesToCloseBeforeTheFirstReading() {
    on(interlock.connected(nowNanos));

    assertTrue(interlock.needsReadingToClose(nowNanos));
    assertRefused(refusalToClose(), "is not known");
  }

  @Test
  void refusesToCloseOnAReadingThatIsOlderThanSixSeconds() {
    connected(false, PilotVoltage.VOLT_6);

    timePasses(Duration.ofSeconds(6));
    assertNull(refusalToClose());
    timePasses(Duration.ofMillis(1));

    assertTrue(interlock.needsReadingToClose(nowNanos));
    assertRefused(refusalToClose(), "in an older one");
  }

  @Test
  void refusesToCloseOnAReadingFromBeforeANotification() {
    connected(false, PilotVoltage.VOLT_6);

    on(interlock.notified(nowNanos));

    assertTrue(interlock.needsReadingToClose(nowNanos));
    assertRefused(refusalToClose(), "has changed since");
    reading(false, PilotVoltage.VOLT_6);
    assertNull(refusalToClose());
  }

  @Test
  void refusesToCloseWithinTenSecondsOfAnOpening() {
    closed();
    on(interlock.switched(false, nowNanos));

    timePasses(Duration.ofMillis(9_999));
    reading(false, PilotVoltage.VOLT_6);
    assertRefused(refusalToClose(), "10 s after an opening");
    assertFalse(interlock.needsReadingToClose(nowNanos));
    timePasses(Duration.ofMillis(1));

    assertNull(refusalToClose());
  }

  @Test
  void countsAnOpeningThatIsOnlySeen() {
    closed();
    timePasses(Duration.ofSeconds(5));

    reading(false, PilotVoltage.VOLT_6);

    assertRefused(refusalToClose(), "after an opening");
  }

  @Test
  void countsAnOpeningWhileTheChargerWasAway() {
    closed();
    on(interlock.disconnected(nowNanos));
    timePasses(Duration.ofSeconds(20));

    on(interlock.connected(nowNanos));
    reading(false, PilotVoltage.VOLT_6);

    assertRefused(refusalToClose(), "after an opening");
  }

  @Test
  void doesNotCountACommandToOpenWhatIsOpen() {
    connected(false, PilotVoltage.VOLT_6);

    on(interlock.switched(false, nowNanos));

    assertNull(refusalToClose());
  }

  @Test
  void countsACommandToOpenOfWhichNothingWasHeard() {
    closed();

    on(interlock.switchFailed(false, true, nowNanos));
    reading(false, PilotVoltage.VOLT_6);

    assertRefused(refusalToClose(), "after an opening");
  }

  @Test
  void refusesToCloseWhileMoreIsOfferedThanTheCableCarries() {
    on(interlock.connected(nowNanos));
    on(interlock.reading(false, 53, PilotVoltage.VOLT_6, ProximityPilot.AMP_13, nowNanos));

    assertRefused(refusalToClose(), "31.8 A, and the cable carries 13 A");
  }

  // ---- the duty cycle ---------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"AMP_13,21,22", "AMP_20,33,34", "AMP_32,53,54"})
  void refusesADutyCycleAboveTheCable(ProximityPilot cable, int most, int tooMuch) {
    on(interlock.connected(nowNanos));
    on(interlock.reading(false, 100, PilotVoltage.VOLT_9, cable, nowNanos));

    assertNull(interlock.refusalToOffer(most));
    assertRefused(interlock.refusalToOffer(tooMuch), "the cable carries");
  }

  @Test
  void takesTheRatingOfATetheredCable() {
    interlock = interlock(true, false, 200);
    on(interlock.connected(nowNanos));
    on(interlock.reading(false, 100, PilotVoltage.VOLT_9, ProximityPilot.NO_CABLE, nowNanos));

    assertNull(interlock.refusalToOffer(33));
    assertRefused(interlock.refusalToOffer(34), "the cable carries 20 A");
  }

  @Test
  void offersNothingWhereNoCableIsRecognised() {
    on(interlock.connected(nowNanos));
    on(interlock.reading(false, 100, PilotVoltage.VOLT_9, ProximityPilot.NO_CABLE, nowNanos));

    assertRefused(interlock.refusalToOffer(10), "no cable is recognised");
    assertNull(interlock.refusalToOffer(100));
  }

  @Test
  void takesAReadingBeforeItOffersMore() {
    connected(false, PilotVoltage.VOLT_9);
    assertFalse(interlock.needsReadingToOffer(26, nowNanos));
    on(interlock.offered(26, nowNanos));

    timePasses(Duration.ofSeconds(7));

    assertTrue(interlock.needsReadingToOffer(27, nowNanos));
    assertFalse(interlock.needsReadingToOffer(26, nowNanos), "to offer less never waits");
    assertFalse(interlock.needsReadingToOffer(100, nowNanos), "to offer nothing never waits");
  }

  @ParameterizedTest
  @CsvSource({"0", "5", "9"})
  void refusesToTellTheCarFaultUnderLoad(int percent) {
    closed();

    assertRefused(interlock.refusalToOffer(percent), "while the contactor is closed");
    assertNull(interlock.refusalToOffer(10));
    on(interlock.switched(false, nowNanos));
    assertNull(interlock.refusalToOffer(percent));
  }

  @Test
  void takesAReadingBeforeThatWhenNothingIsKnownOfTheContactor() {
    on(interlock.connected(nowNanos));

    assertTrue(interlock.needsReadingToOffer(0, nowNanos));
    assertRefused(interlock.refusalToOffer(0), "not known to be open");
  }

  @Test
  void takesACloseOnItsWayForClosed() {
    connected(false, PilotVoltage.VOLT_6);
    interlock.closing();

    assertRefused(interlock.refusalToOffer(0), "while the contactor is closed");
  }

  // ---- opening by itself ------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(
      value = PilotVoltage.class,
      names = {"VOLT_12", "VOLT_9", "FAULT"})
  void opensWhenAReadingShowsThatNoCarAsks(PilotVoltage pilot) {
    closed();

    assertEquals(List.of(OPEN, NO_OFFER), reading(true, pilot));
    assertEquals(List.of(), done);
    assertEquals(List.of(), on(interlock.switched(false, nowNanos)));

    assertEquals(List.of(Interlock.Action.OPENED), done);
  }

  @ParameterizedTest
  @EnumSource(
      value = PilotVoltage.class,
      names = {"VOLT_6", "VOLT_3"})
  void staysClosedWhileTheCarAsks(PilotVoltage pilot) {
    closed();

    assertEquals(List.of(), reading(true, pilot));
  }

  @Test
  void takesAReadingOnANotificationWhileClosed() {
    closed();

    assertEquals(List.of(COLLECT), on(interlock.notified(nowNanos)));
    assertEquals(List.of(), reading(true, PilotVoltage.VOLT_6));
    timePasses(Duration.ofMinutes(1));

    assertEquals(List.of(), on(interlock.tick(nowNanos)));
  }

  @Test
  void takesNoneWhileOpen() {
    connected(false, PilotVoltage.VOLT_9);

    assertEquals(List.of(), on(interlock.notified(nowNanos)));
  }

  @Test
  void opensWhenNoReadingFollowsANotification() {
    closed();
    on(interlock.notified(nowNanos));

    assertDeadline(Interlock.READING_PATIENCE);
    timePasses(Interlock.READING_PATIENCE);
    assertEquals(List.of(OPEN, NO_OFFER), on(interlock.tick(nowNanos)));
    on(interlock.switched(false, nowNanos));

    assertEquals(List.of(Interlock.Action.OPENED_WITHOUT_READING), done);
  }

  @Test
  void takesAReadingOnANotificationWhileACloseIsOnItsWay() {
    connected(false, PilotVoltage.VOLT_6);
    interlock.closing();

    assertEquals(List.of(COLLECT), on(interlock.notified(nowNanos)));
    on(interlock.switched(true, nowNanos));

    assertEquals(List.of(OPEN, NO_OFFER), reading(true, PilotVoltage.VOLT_9));
  }

  @Test
  void takesAnAcknowledgedCloseForClosedWithoutAReading() {
    connected(false, PilotVoltage.VOLT_6);
    interlock.closing();
    on(interlock.switched(true, nowNanos));

    assertEquals(List.of(COLLECT), on(interlock.notified(nowNanos)));
  }

  @Test
  void takesAReadingWhenNothingWasHeardOfAClose() {
    connected(false, PilotVoltage.VOLT_6);
    interlock.closing();

    assertEquals(List.of(COLLECT), on(interlock.switchFailed(true, true, nowNanos)));
  }

  @Test
  void opensAgainUntilTheChargerHasAcknowledged() {
    closed();
    reading(true, PilotVoltage.VOLT_9);
    on(interlock.offered(100, nowNanos));

    for (int i = 0; i < 3; i++) {
      assertDeadline(Interlock.ACK_TIMEOUT);
      timePasses(Interlock.ACK_TIMEOUT);
      assertEquals(List.of(OPEN), on(interlock.tick(nowNanos)));
    }
    assertEquals(List.of(), reading(true, PilotVoltage.VOLT_9), "it may be from before");
    on(interlock.switched(false, nowNanos));

    assertEquals(List.of(Interlock.Action.OPENED), done);
    assertEquals(List.of(OPEN, NO_OFFER), reading(true, PilotVoltage.VOLT_9), "it did not open");
  }

  @Test
  void setsHundredPercentAgainUntilTheChargerHasAcknowledged() {
    closed();
    reading(true, PilotVoltage.VOLT_9);
    on(interlock.switched(false, nowNanos));

    timePasses(Interlock.ACK_TIMEOUT);
    assertEquals(List.of(NO_OFFER), on(interlock.tick(nowNanos)));
    on(interlock.offered(100, nowNanos));
    timePasses(Interlock.ACK_TIMEOUT);

    assertEquals(List.of(), on(interlock.tick(nowNanos)));
  }

  @Test
  void refusesToCloseAndToOfferWhileItOpens() {
    closed();
    reading(true, PilotVoltage.VOLT_9);

    assertRefused(refusalToClose(), "being opened");
    assertRefused(interlock.refusalToOffer(26), "offers nothing");
    assertNull(interlock.refusalToOffer(100));
  }

  @Test
  void takesAReadingWhenAChargerConnectsThatMayBeClosed() {
    assertEquals(List.of(COLLECT), on(interlock.connected(nowNanos)));
    reading(false, PilotVoltage.VOLT_12);
    assertEquals(List.of(), on(interlock.connected(nowNanos)), "it was open");
    closed();

    assertEquals(List.of(COLLECT), on(interlock.connected(nowNanos)));
    assertEquals(List.of(OPEN, NO_OFFER), reading(true, PilotVoltage.VOLT_12));
  }

  // ---- a graceful stop --------------------------------------------------------------------------

  @Test
  void stopsGracefully() {
    closed();

    assertEquals(List.of(NO_OFFER), on(interlock.stop("the broker is away", nowNanos)));
    assertFalse(interlock.isStopped());
    on(interlock.offered(100, nowNanos));
    assertRefused(refusalToClose(), "the broker is away");
    timePasses(Duration.ofSeconds(2));
    assertEquals(List.of(COLLECT), on(interlock.tick(nowNanos)));
    assertEquals(List.of(OPEN), reading(true, PilotVoltage.VOLT_9));
    on(interlock.switched(false, nowNanos));

    assertTrue(interlock.isStopped());
    assertEquals(List.of(Interlock.Action.STOPPED), done);
  }

  @Test
  void opensUnderLoadAtTheEndOfTheStopTimeout() {
    closed();
    on(interlock.stop("the broker is away", nowNanos));
    timePasses(Duration.ofMillis(500));
    on(interlock.offered(100, nowNanos));

    List<Command> commands = new ArrayList<>();
    for (int i = 0; i < 5_999; i += 100) {
      timePasses(Duration.ofMillis(i == 0 ? 99 : 100));
      commands.addAll(on(interlock.tick(nowNanos)));
    }
    assertEquals(List.of(COLLECT, COLLECT, COLLECT), commands);
    timePasses(Duration.ofMillis(1));

    assertTrue(on(interlock.tick(nowNanos)).contains(OPEN));
  }

  @Test
  void opensInTimeThoughNothingIsAcknowledged() {
    closed();
    on(interlock.stop("the broker is away", nowNanos));

    timePasses(STOP_TIMEOUT);

    assertTrue(on(interlock.tick(nowNanos)).contains(OPEN));
  }

  @Test
  void hasNothingToStopWhereTheContactorIsOpen() {
    connected(false, PilotVoltage.VOLT_9);

    assertEquals(List.of(), on(interlock.stop("the broker is away", nowNanos)));

    assertTrue(interlock.isStopped());
  }

  @Test
  void asksBeforeItStopsWhatIsNotKnownToBeClosed() {
    connected(false, PilotVoltage.VOLT_9);
    on(interlock.connected(nowNanos));

    assertEquals(List.of(COLLECT), on(interlock.stop("the broker is away", nowNanos)));
    assertFalse(interlock.isStopped());
    assertEquals(List.of(), reading(false, PilotVoltage.VOLT_9));

    assertTrue(interlock.isStopped());
  }

  @Test
  void stopsWhatDoesNotSayWhetherItIsClosed() {
    on(interlock.connected(nowNanos));
    on(interlock.stop("the broker is away", nowNanos));

    timePasses(Interlock.ACK_TIMEOUT);

    assertEquals(List.of(NO_OFFER, COLLECT), on(interlock.tick(nowNanos)));
  }

  @Test
  void stopsWhatConnectsClosedMeanwhile() {
    on(interlock.stop("the broker is away", nowNanos));
    on(interlock.connected(nowNanos));

    assertEquals(List.of(NO_OFFER), reading(true, PilotVoltage.VOLT_6));
  }

  @Test
  void finishesAStopAlthoughItIsNoLongerWanted() {
    closed();
    on(interlock.stop("the broker is away", nowNanos));

    on(interlock.resume(nowNanos));
    assertRefused(refusalToClose(), "being opened");
    timePasses(STOP_TIMEOUT);
    assertTrue(on(interlock.tick(nowNanos)).contains(OPEN));
    on(interlock.switched(false, nowNanos));
    timePasses(Interlock.MIN_OFF);
    reading(false, PilotVoltage.VOLT_6);

    assertNull(refusalToClose());
  }

  // ---- the cable under load ---------------------------------------------------------------------

  @Test
  void lowersTheOfferUnderLoadToWhatASmallerCableCarries() {
    closed();

    assertEquals(
        List.of(new Command.SetPwm(21, true)),
        reading(true, 26, PilotVoltage.VOLT_6, ProximityPilot.AMP_13));
    on(interlock.offered(21, nowNanos));
    assertEquals(List.of(), reading(true, 21, PilotVoltage.VOLT_6, ProximityPilot.AMP_13));
    assertFalse(hasDeadline, "nothing more to do");
  }

  @Test
  void lowersTheOfferAgainWhenThatWasLost() {
    closed();
    reading(true, 26, PilotVoltage.VOLT_6, ProximityPilot.AMP_13);

    assertEquals(
        List.of(new Command.SetPwm(21, true)),
        reading(true, 26, PilotVoltage.VOLT_6, ProximityPilot.AMP_13));
  }

  @Test
  void stopsGracefullyWhenNoCableIsRecognisedUnderLoad() {
    closed();

    assertEquals(
        List.of(NO_OFFER), reading(true, 26, PilotVoltage.VOLT_6, ProximityPilot.NO_CABLE));
    assertRefused(refusalToClose(), "being opened");
    on(interlock.offered(100, nowNanos));
    timePasses(STOP_TIMEOUT);
    assertTrue(on(interlock.tick(nowNanos)).contains(OPEN));
    on(interlock.switched(false, nowNanos));
    assertEquals(List.of(Interlock.Action.STOPPED), done);

    timePasses(Interlock.MIN_OFF);
    reading(false, 100, PilotVoltage.VOLT_6, ProximityPilot.AMP_32);
    assertNull(refusalToClose());
  }

  @Test
  void goesByTheRatingOfATetheredCableUnderLoadToo() {
    interlock = interlock(true, false, 160);
    closed();

    assertEquals(List.of(), reading(true, 26, PilotVoltage.VOLT_6, ProximityPilot.NO_CABLE));
    assertEquals(
        List.of(new Command.SetPwm(26, true)),
        reading(true, 53, PilotVoltage.VOLT_6, ProximityPilot.NO_CABLE));
  }

  @Test
  void leavesTheOfferToACableThatIsNotPluggedIn() {
    connected(false, PilotVoltage.VOLT_12);

    assertEquals(List.of(), reading(false, 96, PilotVoltage.VOLT_12, ProximityPilot.NO_CABLE));
    assertEquals(List.of(), reading(false, 96, PilotVoltage.VOLT_9, ProximityPilot.AMP_13));
  }

  // ---- without the interlock --------------------------------------------------------------------

  @Test
  void refusesNothingAndOpensNothingWhereItIsOff() {
    interlock = interlock(false, false, 0);
    assertEquals(List.of(), on(interlock.connected(nowNanos)));
    assertNull(refusalToClose());
    assertFalse(interlock.needsReadingToClose(nowNanos));
    assertFalse(interlock.needsReadingToOffer(0, nowNanos));
    interlock.closing();
    on(interlock.switched(true, nowNanos));

    assertEquals(List.of(), on(interlock.notified(nowNanos)));
    assertEquals(List.of(), reading(true, PilotVoltage.VOLT_12));
    assertEquals(List.of(), reading(true, 53, PilotVoltage.VOLT_6, ProximityPilot.AMP_13));
    assertEquals(List.of(), reading(true, 53, PilotVoltage.VOLT_6, ProximityPilot.NO_CABLE));
    assertNull(interlock.refusalToOffer(0));
    assertNull(interlock.refusalToOffer(96));
  }

  @Test
  void stopsWhereItIsOffToo() {
    interlock = interlock(false, false, 0);
    connected(true, PilotVoltage.VOLT_6);

    assertEquals(List.of(NO_OFFER), on(interlock.stop("nobody is there", nowNanos)));
    assertRefused(refusalToClose(), "nobody is there");
    on(interlock.offered(100, nowNanos));

    assertEquals(List.of(OPEN), reading(true, PilotVoltage.VOLT_9));
  }

  @Test
  void waitsForANewReadingBeforeItOpensInAStop() {
    interlock = interlock(false, false, 0);
    connected(false, PilotVoltage.VOLT_9);
    interlock.closing();
    on(interlock.switched(true, nowNanos));

    assertEquals(List.of(NO_OFFER), on(interlock.stop("nobody is there", nowNanos)));
    on(interlock.offered(100, nowNanos));

    assertEquals(List.of(), on(interlock.tick(nowNanos)));
  }

  // ---- helpers ----------------------------------------------------------------------------------

  private void connected(boolean closed, PilotVoltage pilot) {
    on(interlock.connected(nowNanos));
    reading(closed, pilot);
  }

  private void closed() {
    connected(false, PilotVoltage.VOLT_6);
    interlock.closing();
    on(interlock.switched(true, nowNanos));
  }

  private List<Command> reading(boolean closed, PilotVoltage pilot) {
    return reading(closed, 26, pilot, ProximityPilot.AMP_32);
  }

  private List<Command> reading(
      boolean closed, int percent, PilotVoltage pilot, ProximityPilot cable) {
    return on(interlock.reading(closed, percent, pilot, cable, nowNanos));
  }

  private @Nullable String refusalToClose() {
    return interlock.refusalToClose(nowNanos);
  }

  private List<Command> on(Interlock.Step step) {
    Interlock.Action action = step.done();
    if (action != null) {
      done.add(action);
    }
    hasDeadline = step.deadlineNanos().isPresent();
    deadlineNanos = step.deadlineNanos().orElse(0);
    return step.commands();
  }

  private void timePasses(Duration duration) {
    nowNanos += duration.toNanos();
  }

  private void assertDeadline(Duration expected) {
    assertTrue(hasDeadline, "a deadline");
    assertEquals(expected, Duration.ofNanos(deadlineNanos - nowNanos));
  }

  private static void assertRefused(@Nullable String refusal, String part) {
    assertNotNull(refusal, "refused");
    assertTrue(refusal.contains(part), refusal);
    assertTrue(refusal.contains("control pilot"), refusal);
    assertTrue(refusal.endsWith("."), refusal);
  }
}
