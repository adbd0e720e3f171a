package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.control.ControlWatch.Verdict;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ControlWatchTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private long nowNanos = Long.MAX_VALUE - Duration.ofSeconds(20).toNanos(); // wraps on the way
  private ControlWatch watch = new ControlWatch(true, Duration.ZERO);

  @Test
  void knowsNothingAtFirst() {
    assertVerdict(Verdict.UNKNOWN);
    timePasses(Duration.ofHours(1));
    assertVerdict(Verdict.UNKNOWN);
  }

  @Test
  void takesOneForDeadThatIsNotHeardOfAfterTheFirstConnection() {
    watch.brokerConnected(nowNanos);
    assertVerdict(Verdict.UNKNOWN);
    assertNextLook(ControlWatch.SETTLE);

    timePasses(ControlWatch.SETTLE);

    assertVerdict(Verdict.DEAD);
  }

  @Test
  void believesTheTopic() {
    watch.brokerConnected(nowNanos);

    watch.topicSays(true);
    assertVerdict(Verdict.ALIVE);
    timePasses(Duration.ofHours(1));
    assertVerdict(Verdict.ALIVE);
    watch.topicSays(false);
    assertVerdict(Verdict.DEAD);
    watch.topicSays(true);
    assertVerdict(Verdict.ALIVE);
  }

  @Test
  void believesTheTopicThatItIsDeadAtOnce() {
    watch.brokerConnected(nowNanos);

    watch.topicSays(false);

    assertVerdict(Verdict.DEAD);
  }

  @Test
  void takesSilenceForDeathWhereItMayNotBeSilent() {
    watch = new ControlWatch(false, TIMEOUT);
    watch.brokerConnected(nowNanos);
    watch.sign(nowNanos);
    assertVerdict(Verdict.ALIVE);
    assertNextLook(TIMEOUT);

    timePasses(TIMEOUT.minusNanos(1));
    assertVerdict(Verdict.ALIVE);
    timePasses(Duration.ofNanos(1));
    assertVerdict(Verdict.DEAD);

    watch.sign(nowNanos);
    assertVerdict(Verdict.ALIVE);
  }

  @Test
  void countsSilenceFromWhenASignCameAndNotFromWhenItWasRead() {
    watch = new ControlWatch(false, TIMEOUT);
    watch.brokerConnected(nowNanos);
    watch.sign(nowNanos);
    long frozenAtNanos = nowNanos;
    timePasses(TIMEOUT.plusSeconds(1));

    watch.sign(frozenAtNanos);
    assertVerdict(Verdict.DEAD);

    watch.sign(nowNanos);
    watch.sign(frozenAtNanos);
    assertVerdict(Verdict.ALIVE);
  }

  @Test
  void waitsForTheFirstSignAsLongAsItMayBeSilent() {
    watch = new ControlWatch(false, TIMEOUT);
    watch.brokerConnected(nowNanos);

    timePasses(TIMEOUT.minusNanos(1));
    assertVerdict(Verdict.UNKNOWN);
    timePasses(Duration.ofNanos(1));
    assertVerdict(Verdict.DEAD);
  }

  @Test
  void needsBothWhereBothAreSet() {
    watch = new ControlWatch(true, TIMEOUT);
    watch.brokerConnected(nowNanos);
    watch.topicSays(true);
    assertVerdict(Verdict.UNKNOWN);
    watch.sign(nowNanos);
    assertVerdict(Verdict.ALIVE);

    timePasses(TIMEOUT);
    assertVerdict(Verdict.DEAD);
    watch.sign(nowNanos);
    watch.topicSays(false);
    assertVerdict(Verdict.DEAD);
  }

  @Test
  void forgetsWhatTheTopicSaidUnlessTheBrokerSaysItAgain() {
    watch.brokerConnected(nowNanos);
    watch.topicSays(true);
    watch.brokerLost();
    timePasses(Duration.ofHours(1));
    assertVerdict(Verdict.ALIVE);

    watch.brokerConnected(nowNanos);
    timePasses(ControlWatch.RECONFIRM.minusNanos(1));
    assertVerdict(Verdict.ALIVE);
    timePasses(Duration.ofNanos(1));
    assertVerdict(Verdict.DEAD);

    watch.topicSays(true);
    assertVerdict(Verdict.ALIVE);
  }

  @Test
  void remembersWhatTheTopicSaysOnTheNewConnection() {
    watch.brokerConnected(nowNanos);
    watch.topicSays(true);
    watch.brokerLost();
    watch.topicSays(true); // the stored message may come before the connection is told
    watch.brokerConnected(nowNanos);

    timePasses(Duration.ofHours(1));

    assertVerdict(Verdict.ALIVE);
  }

  private void timePasses(Duration duration) {
    nowNanos += duration.toNanos();
  }

  private void assertVerdict(Verdict expected) {
    assertEquals(expected, watch.look(nowNanos));
  }

  private void assertNextLook(Duration expected) {
    assertEquals(expected.toNanos(), watch.nanosToNextLook());
  }
}
