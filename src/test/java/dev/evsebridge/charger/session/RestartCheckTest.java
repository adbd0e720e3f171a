package dev.evsebridge.charger.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartCheckTest {

  /** All times in seconds; the reading before the upload came at second 0. */
  @ParameterizedTest
  @CsvSource({
    // uptime before, image sent at, reading after at, its uptime, restarted
    "   3600,    9,   45,     20, true",
    "   3600,    9,   45,   3645, false",
    // restarted before, not long ago
    "     12,    9,   45,     36, true",
    "     12,    9,   45,     57, false",
    // the uptime starts again at 0 between the two readings: 2^32 ms are 4294967 s
    "4294960,    9,   45,     38, false",
    "4294960,    9,   45,     20, true",
    "4294930,    9,   45,     20, true",
    // just before it starts again
    "4294900,    9,   45, 4294945, false",
    // started again long before
    "      1,    0,  100,    101, false",
  })
  void tellsARestartFromAChargerThatHasGoneOn(
      long before, long sentAt, long readAt, long after, boolean restarted) {
    RestartCheck check = new RestartCheck(before * 1000, 0, seconds(sentAt));

    assertEquals(restarted, check.hasRestarted(after * 1000, seconds(readAt)));
  }

  private static long seconds(long seconds) {
    return TimeUnit.SECONDS.toNanos(seconds);
  }
}
