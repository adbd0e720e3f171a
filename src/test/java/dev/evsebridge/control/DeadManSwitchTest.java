package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.control.DeadManSwitch.Decision;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class DeadManSwitchTest {
  private static final Duration GRACE = Duration.ofSeconds(30);
  private static final Duration PROOF = DeadManSwitch.PROOF_LIMIT;

  /** A clock that overflows must not matter. */
  private static final long START = Long.MAX_VALUE - 5;

  private final DeadManSwitch deadMan = new DeadManSwitch(GRACE);

  @Test
  void letsNobodyConnectBeforeTheFirstConnection() {
    assertEquals(Decision.STOP, deadMan.look(at(0)));
    assertEquals(Decision.STOP, deadMan.look(at(1_000)));
    assertEquals(Decision.STOP, deadMan.brokerLost(at(1_001)));
    assertEquals(Long.MAX_VALUE, deadMan.nanosToNextLook(at(1_001)));
  }

  @Test
  void takesTheFirstConnectionOnTrust() {
    assertEquals(Decision.LISTEN, deadMan.brokerConnected(at(0)));
  }

  @Test
  void keepsChargersUntilTheEndOfTheGrace() {
    proven(at(0));

    assertEquals(Decision.KEEP, deadMan.brokerLost(at(100)));
    assertEquals(GRACE.toNanos(), deadMan.nanosToNextLook(at(100)));
    assertEquals(Decision.KEEP, deadMan.look(at(129.9)));
    assertEquals(Decision.STOP, deadMan.look(at(130)));
  }

  @Test
  void letsNobodyConnectWhileNobodyControls() {
    proven(at(0));

    deadMan.controlAlive(false);
    assertEquals(Decision.STOP, deadMan.look(at(20)));
    assertFalse(deadMan.isBrokerGone());
    deadMan.controlAlive(true);
    assertEquals(Decision.LISTEN, deadMan.look(at(21)));
  }

  @Test
  void tellsTheBrokersAbsenceFromTheControls() {
    proven(at(0));
    deadMan.controlAlive(false);
    deadMan.brokerLost(at(20));
    assertFalse(deadMan.isBrokerGone());

    assertEquals(Decision.STOP, deadMan.look(at(20) + GRACE.toNanos()));
    assertTrue(deadMan.isBrokerGone());
    deadMan.controlAlive(true);
    assertEquals(Decision.STOP, deadMan.look(at(21) + GRACE.toNanos()));
  }

  @Test
  void bridgesAGapThatIsShorterThanTheGrace() {
    proven(at(0));
    deadMan.brokerLost(at(100));

    assertEquals(Decision.LISTEN, deadMan.brokerConnected(at(129)));
    assertEquals(Decision.LISTEN, deadMan.look(at(138.9)));
    assertEquals(Decision.LISTEN, deadMan.brokerProven(at(139)));
    assertEquals(Long.MAX_VALUE, deadMan.nanosToNextLook(at(139)));
  }

  @Test
  void stopsAtTheEndOfTheGraceThoughConnectionsComeAndGo() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.brokerConnected(at(102));
    assertEquals(Decision.KEEP, deadMan.brokerLost(at(104)));
    deadMan.brokerConnected(at(126));
    assertEquals(Decision.KEEP, deadMan.brokerLost(at(128)));

    assertEquals(Decision.STOP, deadMan.look(at(130)));
  }

  @Test
  void stopsWithTheConnectionThatTheEndOfTheGraceHasFoundUnproven() {
    proven(at(0));
    deadMan.brokerLost(at(100));

    assertEquals(Decision.LISTEN, deadMan.brokerConnected(at(129)));
    assertEquals(Decision.LISTEN, deadMan.look(at(130)));
    assertEquals(Decision.STOP, deadMan.brokerLost(at(131)));
  }

  @Test
  void takesTheFirstConnectionAfterTheGraceOnTrust() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.look(at(130));

    assertEquals(Decision.LISTEN, deadMan.brokerConnected(at(500)));
  }

  @Test
  void hasNoSecondGraceForTheConnectionTakenOnTrust() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.look(at(130));
    deadMan.brokerConnected(at(500));

    assertEquals(Decision.STOP, deadMan.brokerLost(at(502)));
    assertEquals(Decision.STOP, deadMan.brokerConnected(at(503)));
    assertEquals(Decision.LISTEN, deadMan.brokerProven(at(513)));
  }

  @Test
  void takesAConnectionOnTrustThoughTheLastOneWasShort() {
    deadMan.brokerConnected(at(0));
    deadMan.brokerLost(at(2));
    deadMan.look(at(32));

    assertEquals(Decision.LISTEN, deadMan.brokerConnected(at(40)));
    assertEquals(Decision.STOP, deadMan.brokerLost(at(42)));
    assertEquals(Decision.STOP, deadMan.brokerConnected(at(44)));
  }

  @Test
  void waitsForProofAfterTheGraceWhenConnectionsHaveFailedWithinIt() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.brokerConnected(at(110));
    deadMan.brokerLost(at(112));
    deadMan.brokerConnected(at(114));
    deadMan.brokerLost(at(116));
    deadMan.look(at(130));

    assertEquals(Decision.STOP, deadMan.brokerConnected(at(140)));
    assertEquals(Decision.STOP, deadMan.look(at(149)));
    assertEquals(Decision.LISTEN, deadMan.brokerProven(at(150)));
  }

  @Test
  void doesNotTrustAConnectionForEver() {
    deadMan.brokerConnected(at(0));

    assertEquals(PROOF.toNanos(), deadMan.nanosToNextLook(at(0)));
    assertEquals(Decision.STOP, deadMan.look(at(PROOF.toMillis() / 1e3)));
    assertEquals(Decision.LISTEN, deadMan.brokerProven(at(PROOF.toMillis() / 1e3 + 1)));
  }

  @Test
  void aProofThatComesAfterTheEndOfItsConnectionProvesNothing() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.brokerProven(at(101));

    assertEquals(Decision.STOP, deadMan.look(at(130)));
  }

  @Test
  void grantsANewGraceWithEachProof() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.brokerConnected(at(101));
    deadMan.brokerProven(at(111));

    assertEquals(Decision.KEEP, deadMan.brokerLost(at(200)));
    assertEquals(Decision.KEEP, deadMan.look(at(229)));
  }

  @Test
  void noticesAGraceThatEndedWhileTheProcessDidNotRun() {
    proven(at(0));
    deadMan.brokerLost(at(100));
    deadMan.brokerConnected(at(101));
    deadMan.brokerLost(at(102));
    deadMan.brokerConnected(at(103));
    deadMan.brokerLost(at(104));

    assertEquals(Decision.STOP, deadMan.brokerConnected(at(900)));
  }

  @Property
  void listensWithoutProofForNoLongerThanPromised(@ForAll("lives") List<Step> life) {
    DeadManSwitch deadMan = new DeadManSwitch(GRACE);
    long now = START;
    long unprovenNanos = 0;
    boolean connected = false;
    boolean proven = false;
    Decision decision = deadMan.look(now);
    for (Step step : life) {
      long end = now + step.afterMillis() * 1_000_000L;
      while (now != end) {
        // The look that the switch asks for, or the event.
        long next = Math.min(deadMan.nanosToNextLook(now), end - now);
        unprovenNanos += decision == Decision.STOP || proven ? 0 : next;
        now += next;
        assertBounded(unprovenNanos);
        decision = deadMan.look(now);
      }
      decision = apply(deadMan, step.event(), now);
      connected = step.event() == Event.CONNECTED || (connected && step.event() != Event.LOST);
      proven =
          connected && (step.event() == Event.PROVEN || (proven && step.event() == Event.NOTHING));
      unprovenNanos = proven ? 0 : unprovenNanos;
    }
  }

  private static void assertBounded(long nanos) {
    if (nanos > GRACE.plus(PROOF.multipliedBy(3)).toNanos()) {
      throw new AssertionError("listened without proof for " + Duration.ofNanos(nanos));
    }
  }

  @Property
  void listensWheneverTheConnectionIsProven(@ForAll("lives") List<Step> life) {
    DeadManSwitch deadMan = new DeadManSwitch(GRACE);
    long now = START;
    for (Step step : life) {
      now += step.afterMillis() * 1_000_000L;
      apply(deadMan, step.event(), now);
    }
    deadMan.brokerConnected(now);
    assertEquals(Decision.LISTEN, deadMan.brokerProven(now + 1));
    assertEquals(Decision.LISTEN, deadMan.look(now + Duration.ofDays(100).toNanos()));
  }

  @Property
  void everyLossIsBridgedOrEndsWithAStopWithinTheGrace(@ForAll("lives") List<Step> life) {
    DeadManSwitch deadMan = new DeadManSwitch(GRACE);
    long now = START;
    for (Step step : life) {
      now += step.afterMillis() * 1_000_000L;
      apply(deadMan, step.event(), now);
    }
    deadMan.brokerLost(now);
    assertEquals(Decision.STOP, deadMan.look(now + GRACE.toNanos()));
  }

  @Property
  void everyGapShorterThanTheGraceIsBridgedAfterAProof(
      @ForAll("lives") List<Step> life, @ForAll("gapMillis") int gapMillis) {
    DeadManSwitch deadMan = new DeadManSwitch(GRACE);
    long now = START;
    for (Step step : life) {
      now += step.afterMillis() * 1_000_000L;
      apply(deadMan, step.event(), now);
    }
    deadMan.brokerConnected(now);
    deadMan.brokerProven(now);
    assertEquals(Decision.KEEP, deadMan.brokerLost(now));
    now += gapMillis * 1_000_000L;
    assertEquals(Decision.KEEP, deadMan.look(now));
    assertEquals(Decision.LISTEN, deadMan.brokerConnected(now));
    assertEquals(Decision.LISTEN, deadMan.look(now + Duration.ofSeconds(10).toNanos()));
  }

  private Decision apply(DeadManSwitch deadMan, Event event, long now) {
    return switch (event) {
      case CONNECTED -> deadMan.brokerConnected(now);
      case PROVEN -> deadMan.brokerProven(now);
      case LOST -> deadMan.brokerLost(now);
      case NOTHING -> deadMan.look(now);
    };
  }

  private void proven(long now) {
    deadMan.brokerConnected(now);
    deadMan.brokerProven(now + Duration.ofSeconds(10).toNanos());
  }

  private static long at(double seconds) {
    return START + (long) (seconds * 1e9);
  }

  @Provide
  Arbitrary<List<Step>> lives() {
    return Combinators.combine(
            Arbitraries.of(Event.class), Arbitraries.integers().between(0, 40_000))
        .as(Step::new)
        .list()
        .ofMaxSize(60);
  }

  @Provide
  Arbitrary<Integer> gapMillis() {
    return Arbitraries.integers().between(0, (int) GRACE.toMillis() - 1);
  }

  enum Event {
    CONNECTED,
    PROVEN,
    LOST,
    NOTHING
  }

  record Step(Event event, int afterMillis) {}
}
