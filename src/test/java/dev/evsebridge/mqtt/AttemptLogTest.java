package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.mqtt.AttemptLog.Line;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AttemptLogTest {
  private static final Duration ATTEMPT = Duration.ofSeconds(4);

  private final AttemptLog log = new AttemptLog();
  // The clock's numbers may overflow meanwhile.
  private long awaySinceNanos = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos();
  private long nowNanos = awaySinceNanos;

  @Test
  void logsEachAttemptOfTheFirstMinute() {
    assertEquals(14, lines(Line.ONE_OF_EACH, Duration.ofSeconds(59)));
  }

  @Test
  void logsOneAttemptAMinuteFromThenOn() {
    assertEquals(0, lines(Line.ONE_A_MINUTE, Duration.ofSeconds(59)));

    assertEquals(60, lines(Line.ONE_A_MINUTE, Duration.ofHours(1)));
  }

  @Test
  void logsEachAttemptAgainWhenTheBrokerHasBeenThere() {
    assertEquals(9, lines(Line.ONE_A_MINUTE, Duration.ofMinutes(10)));

    awaySinceNanos = nowNanos;
    assertEquals(14, lines(Line.ONE_OF_EACH, Duration.ofSeconds(59)));
  }

  /** How many attempts within this time are logged like that. */
  private int lines(Line line, Duration time) {
    int lines = 0;
    for (Duration left = time; left.compareTo(ATTEMPT) >= 0; left = left.minus(ATTEMPT)) {
      nowNanos += ATTEMPT.toNanos();
      lines += log.failed(nowNanos, awaySinceNanos) == line ? 1 : 0;
    }
    return lines;
  }
}
