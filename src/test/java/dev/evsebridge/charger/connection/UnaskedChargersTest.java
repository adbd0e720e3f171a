package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnaskedChargersTest {
  private final UnaskedChargers unasked = new UnaskedChargers();

  @ParameterizedTest
  @CsvSource({"0, false", "5000, false", "9900, true", "10020, true", "16000, false"})
  void knowsAChargerThatHasWaitedTenSecondsForARequest(long millis, boolean expected) {
    assertEquals(expected, UnaskedChargers.isReason(Duration.ofMillis(millis)));
  }

  @Test
  void saysItOnceOfEachUntilItIsAskedSomething() {
    assertTrue(unasked.add("a"));
    assertFalse(unasked.add("a"));
    assertTrue(unasked.contains("a"));
    assertTrue(unasked.add("b"));

    unasked.remove("a");

    assertFalse(unasked.contains("a"));
    assertTrue(unasked.add("a"));
  }

  @Test
  void remembersNoMoreThanItMay() {
    for (int i = 0; i < 10_001; i++) {
      unasked.add("charger " + i);
    }

    assertFalse(unasked.contains("charger 0"));
    assertTrue(unasked.contains("charger 10000"));
  }
}
