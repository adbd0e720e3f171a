package dev.evsebridge.simulator;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ChargerLogTest {
  private final ChargerLog log = new ChargerLog();

  @Test
  void endsEveryEntryWithANul() {
    log.add(0, "first");
    log.add(4_294_967_295L, "second");

    assertArrayEquals("0: first\0004294967295: second\0".getBytes(US_ASCII), log.drain());
  }

  @Test
  void isEmptyOnceRead() {
    log.add(1, "text");
    log.drain();

    assertEquals(0, log.drain().length);
  }

  @Test
  void holdsNoMoreThan1023Bytes() {
    log.add(1, "x".repeat(500));
    log.add(2, "y".repeat(1023 - 504 - 4));
    assertEquals(1023, log.drain().length);

    log.add(1, "x".repeat(500));
    log.add(2, "y".repeat(1023 - 504 - 3));
    assertEquals(1023 - 504 + 1, log.drain().length);
  }
}
