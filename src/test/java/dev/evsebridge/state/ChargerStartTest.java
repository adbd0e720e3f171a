package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ChargerStartTest {
  private static final Instant START = Instant.parse("2026-11-20T06:11:02Z");
  private static final long WRAP = 1L << 32;

  @Test
  void isTheFirstReadingsTimeWithoutItsUptime() {
    assertEquals(START, ChargerStart.of(null, START.plusMillis(5_000), 5_000));
  }

  @Test
  void staysWhenReadingsComeUpToTenSecondsLate() {
    assertEquals(START, ChargerStart.of(START, START.plusMillis(100_000), 90_000));
    assertEquals(START, ChargerStart.of(START, START.plusMillis(100_000), 110_000));
  }

  @Test
  void movesByMoreThanTenSeconds() {
    assertEquals(
        START.plusMillis(10_001), ChargerStart.of(START, START.plusMillis(100_000), 89_999));
  }

  @Test
  void movesWhenTheChargerRestarts() {
    assertEquals(
        START.plusMillis(3_600_000), ChargerStart.of(START, START.plusMillis(3_601_000), 1_000));
  }

  @Test
  void staysWhenTheUptimeWraps() {
    assertEquals(START, ChargerStart.of(START, START.plusMillis(WRAP + 7_000), 5_000));
    assertEquals(START, ChargerStart.of(START, START.plusMillis(2 * WRAP + 500), 1_000));
  }

  @Test
  void keepsTheWrapsWhenTheClocksRunApart() {
    assertEquals(
        START.plusMillis(11_000), ChargerStart.of(START, START.plusMillis(WRAP + 16_000), 5_000));
  }
}
