package dev.evsebridge.several;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class LastStatesTest {
  private static final byte[] OLD = {1};
  private static final byte[] NEW = {2};

  private final LastStates states = new LastStates();

  @Test
  void givesTheNewestOnce() {
    states.put("a", OLD);
    states.put("a", NEW);

    assertArrayEquals(NEW, states.take("a"));
    assertNull(states.take("a"));
  }

  @Test
  void keepsNoMoreThanChargersMayBeKnownAndRenewsThose() {
    for (int i = 0; i < LastStates.MOST_KNOWN; i++) {
      states.put("charger " + i, OLD);
    }
    states.put("one too many", OLD);
    states.put("charger 0", NEW);

    assertNull(states.take("one too many"));
    assertArrayEquals(NEW, states.take("charger 0"));
    states.put("there is room again", OLD);
    assertArrayEquals(OLD, states.take("there is room again"));
  }

  @Test
  void keepsOnlyThoseOfOthers() {
    states.put("own", OLD);
    states.put("other", OLD);

    states.keepOnly("other"::equals);

    assertNull(states.take("own"));
    assertArrayEquals(OLD, states.take("other"));
  }
}
