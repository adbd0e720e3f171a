package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Whatever car, network and raw client do to each other: the rules of the interlock hold. A seed
 * that fails is printed; the same seed fails again.
 */
class InterlockFuzzTest {

  @Property
  void keepsItsRulesWhateverHappens(@ForAll long seed) {
    InterlockWalk walk = new InterlockWalk(seed, false);
    walk.run(100);
    walk.settle();
  }

  @Property
  void opensAndStopsInTimeWhileTheNetworkWorks(@ForAll long seed) {
    new InterlockWalk(seed, true).run(100);
  }

  /** A client that offers nothing before the first reading has come. */
  @Test
  void letsNothingBeOfferedBeforeTheFirstReading() {
    InterlockWalk walk = new InterlockWalk(1018, false);
    walk.run(100);
    walk.settle();
  }

  /** Else the rules would hold for nothing. */
  @Test
  void walksThroughWhatItForbids() {
    int closings = 0;
    int openings = 0;
    int refusals = 0;
    int stops = 0;
    for (int seed = 0; seed < 60; seed++) {
      InterlockWalk walk = new InterlockWalk(seed, seed % 2 == 0);
      walk.run(100);
      closings += walk.closings;
      openings += walk.openings;
      refusals += walk.refusals;
      stops += walk.stops;
    }
    assertTrue(closings > 100, "closings: " + closings);
    assertTrue(openings > 50, "openings: " + openings);
    assertTrue(refusals > 500, "refusals: " + refusals);
    assertTrue(stops > 50, "stops: " + stops);
  }
}
