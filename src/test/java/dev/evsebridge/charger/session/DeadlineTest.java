package dev.evsebridge.charger.session;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {

  @Test
  void passesWhenItsTimeHasCome() {
    // The clock's numbers may overflow meanwhile.
    long[] nowNanos = {Long.MAX_VALUE - 5};
    Deadline deadline = Deadline.after(Duration.ofNanos(10), () -> nowNanos[0]);

    assertFalse(deadline.passed());
    nowNanos[0] += 9;
    assertFalse(deadline.passed());
    nowNanos[0] += 1;
    assertTrue(deadline.passed());
  }

  @Test
  void passesAtOnceWhenThereIsNoTimeAtAll() {
    assertTrue(Deadline.after(Duration.ZERO, () -> 7).passed());
  }

  @Test
  void countsFromAnEarlierMoment() {
    long twoSecondsAgo = System.nanoTime() - Duration.ofSeconds(2).toNanos();

    assertTrue(Deadline.after(Duration.ofSeconds(1), twoSecondsAgo).passed());
    assertFalse(Deadline.after(Duration.ofHours(1), twoSecondsAgo).passed());
  }

  @Test
  void neverPassesWhenThereIsNone() {
    assertFalse(Deadline.NONE.passed());
  }

  @Test
  void takesTheLongestExpiryOfMqtt() {
    assertFalse(Deadline.after(Duration.ofSeconds(0xFFFF_FFFFL)).passed());
  }
}
