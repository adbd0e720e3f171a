package dev.evsebridge.several;

import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Whatever chargers, bridges and broker do: each request has one outcome, in order, and in the end
 * each charger has one bridge. A seed that fails is printed; the same seed fails again.
 */
class ClaimsFuzzTest {

  @Property
  void holdsWhatSeveralBridgesMustHoldWhateverHappens(@ForAll long seed) {
    Fleet fleet = new Fleet(seed);
    fleet.run(300);
    fleet.settle();
  }

  /** Else all that would hold for nothing. */
  @Test
  void goesThroughTakeoversAndFaults() {
    int carriedOut = 0;
    int notConnected = 0;
    int closings = 0;
    int faults = 0;
    int kept = 0;
    for (int seed = 0; seed < 60; seed++) {
      Fleet fleet = new Fleet(seed);
      fleet.run(300);
      fleet.settle();
      carriedOut += fleet.carriedOut;
      notConnected += fleet.notConnected;
      closings += fleet.closings;
      faults += fleet.faults;
      kept += fleet.kept;
    }
    assertTrue(carriedOut > 500, "carried out: " + carriedOut);
    assertTrue(notConnected > 500, "not connected: " + notConnected);
    assertTrue(closings > 200, "closings: " + closings);
    assertTrue(faults > 500, "faults: " + faults);
    assertTrue(kept > 50, "kept: " + kept);
  }
}
