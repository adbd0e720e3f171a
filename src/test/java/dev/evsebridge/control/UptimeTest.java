package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UptimeTest {
  @ParameterizedTest
  @CsvSource({
    "100000, 10000, 110000, false",
    "100000, 10000, 108000, false", // the reading before was late
    "100000, 20000, 10000, true",
    "5000, 20000, 14000, true", // not less than before, but less than it had to be
    "4294960000, 10000, 2704, false", // wrapped
    "4294960000, 30000, 12000, true",
    "1000000, 86400000, 87350000, false" // clocks drift
  })
  void tellsARestartFromALossOfTheConnection(
      long before, long elapsedMillis, long after, boolean restarted) {
    Uptime uptime = new Uptime();
    uptime.read(before, 5_000_000_000L);

    assertEquals(restarted, uptime.restarted(after, 5_000_000_000L + elapsedMillis * 1_000_000));
  }
}
