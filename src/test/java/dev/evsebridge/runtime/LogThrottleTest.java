package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogThrottleTest {
  private final List<String> lines = new ArrayList<>();
  private long nowNanos = Long.MAX_VALUE - 5;
  private final LogThrottle throttle = new LogThrottle(2, Duration.ofNanos(100), () -> nowNanos);

  @Test
  void letsAFewLinesThroughPerPeriod() {
    for (int i = 0; i < 5; i++) {
      log(i);
    }

    assertEquals(List.of("0", "1"), lines);
  }

  @Test
  void saysInTheNextLineHowManyWereLeftOut() {
    for (int i = 0; i < 5; i++) {
      log(i);
    }
    nowNanos += 99;
    log(5);
    nowNanos += 1;
    log(6);
    log(7);

    assertEquals(List.of("0", "1", "6 (and 4 more like it before)", "7"), lines);
  }

  @Test
  void saysNothingOfLeftOutLinesWhenThereWereNone() {
    log(0);
    nowNanos += 1_000;
    log(1);

    assertEquals(List.of("0", "1"), lines);
  }

  private void log(int number) {
    throttle.log(suffix -> lines.add(number + suffix));
  }
}
