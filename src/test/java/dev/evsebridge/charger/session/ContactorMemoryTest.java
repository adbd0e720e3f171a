package dev.evsebridge.charger.session;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ContactorMemoryTest {
  private final ContactorMemory memory = new ContactorMemory(2);

  @Test
  void knowsWhichContactorsAreClosed() {
    memory.remember("a", true);
    memory.remember("b", true);
    memory.remember("b", false);

    assertTrue(memory.isKnownClosed("a"));
    assertFalse(memory.isKnownClosed("b"));
    assertFalse(memory.isKnownClosed("c"));
  }

  @Test
  void forgetsTheOneThatWasHeardOfLeastRecently() {
    memory.remember("a", true);
    memory.remember("b", true);
    assertTrue(memory.isKnownClosed("a"));

    memory.remember("c", true);

    assertTrue(memory.isKnownClosed("a"));
    assertFalse(memory.isKnownClosed("b"));
    assertTrue(memory.isKnownClosed("c"));
  }

  @Test
  void isNotFilledByOpenContactors() {
    memory.remember("a", true);
    for (int i = 0; i < 100; i++) {
      memory.remember("other" + i, false);
    }

    assertTrue(memory.isKnownClosed("a"));
  }
}
