package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.mqtt.LinkEnd.Cause;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReconnectsTest {
  private static final Duration SHORTER = Duration.ofSeconds(9);
  private static final Duration PROOF = Duration.ofSeconds(10);

  private final Reconnects reconnects = new Reconnects(PROOF);

  @Test
  void waitsLongerAfterEachAttemptUpToFourSeconds() {
    assertEquals(
        List.of(500L, 1_000L, 2_000L, 4_000L, 4_000L),
        Stream.generate(() -> reconnects.delay().toMillis()).limit(5).toList());
  }

  @Test
  void beginsAnewWhenTheBrokerIsThere() {
    reconnects.attempt();
    reconnects.delay();
    reconnects.attempt();
    assertEquals(2, reconnects.attempts());

    reconnects.connected();

    assertEquals(0, reconnects.attempts());
    assertEquals(500, reconnects.delay().toMillis());
  }

  @Test
  void leavesTheOtherClientItsTimeAfterATakeover() {
    reconnects.ended(Cause.TAKEN_OVER, PROOF);

    assertEquals(4_000, reconnects.delay().toMillis());
  }

  @Test
  void suspectsATakeoverOnceTwoShortConnectionsWereClosedWithoutAWord() {
    reconnects.ended(Cause.BROKER_CLOSED, SHORTER);
    assertFalse(reconnects.isTakeoverLikely(Cause.BROKER_CLOSED));
    reconnects.connected();
    reconnects.ended(Cause.BROKER_CLOSED, SHORTER);

    assertTrue(reconnects.isTakeoverLikely(Cause.BROKER_CLOSED));
    assertFalse(reconnects.isTakeoverLikely(Cause.SILENCE));
    assertEquals(4_000, reconnects.delay().toMillis());
  }

  @Test
  void suspectsNothingAfterAConnectionThatHasLivedLongEnough() {
    reconnects.ended(Cause.BROKER_CLOSED, SHORTER);
    reconnects.ended(Cause.BROKER_CLOSED, PROOF);
    reconnects.ended(Cause.BROKER_CLOSED, SHORTER);

    assertFalse(reconnects.isTakeoverLikely(Cause.BROKER_CLOSED));
  }

  @Test
  void doesWithoutStoredMessagesAfterTheClientHasFailedAtOnceUntilAConnectionIsProven() {
    reconnects.ended(Cause.CLIENT_FAULT, PROOF);
    assertFalse(reconnects.withoutStored());

    reconnects.ended(Cause.CLIENT_FAULT, SHORTER);
    assertTrue(reconnects.withoutStored());
    reconnects.ended(Cause.BROKER_LEFT, SHORTER);
    assertTrue(reconnects.withoutStored());

    reconnects.proven();
    assertFalse(reconnects.withoutStored());
  }
}
