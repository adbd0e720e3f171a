package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Whatever car, network, control and bridge do to each other: the rules hold. A seed that fails is
 * printed; the same seed fails again.
 */
class ChargeControllerFuzzTest {
  /** Half of it in every build, to be quick. */
  private static final int EVENTS =
      Integer.getInteger("jqwik.tries.default", 1_000) > 1_000 ? 200 : 100;

  @Property
  void keepsItsRulesWhateverHappens(@ForAll long seed) {
    Walk walk = new Walk(seed, false, Walk::settings);
    walk.run(EVENTS);
    walk.replay(event -> event);
    walk.settle();
  }

  @Property
  void opensAndStopsInTimeWhileTheNetworkWorks(@ForAll long seed) {
    new Walk(seed, true, Walk::settings).run(EVENTS);
  }

  @Property(tries = 100)
  void decidesNothingByWhatIsNotCalibrated(@ForAll long seed) {
    Walk walk = new Walk(seed, false, Walk::uncalibratedSettings);
    walk.run(EVENTS);
    Random noise = new Random(seed);
    walk.replay(event -> event instanceof Event.Reading reading ? noisy(reading, noise) : event);
  }

  /** Else the rules would hold for nothing. */
  @Test
  void walksThroughEveryState() {
    Set<String> transitions = new TreeSet<>();
    int closings = 0;
    int adoptions = 0;
    for (int seed = 0; seed < 60; seed++) {
      Walk walk = new Walk(seed, seed % 2 == 0, Walk::settings);
      walk.run(100);
      transitions.addAll(walk.watch.transitions());
      closings += walk.watch.closings();
      adoptions += walk.watch.adoptions();
    }
    assertTrue(closings > 100, "closings: " + closings);
    assertTrue(adoptions > 3, "adoptions: " + adoptions);
    for (ControlState state : ControlState.values()) {
      assertTrue(
          transitions.stream().anyMatch(transition -> transition.endsWith(">" + state)),
          state + " is reached");
    }
  }

  private static Event.Reading noisy(Event.Reading reading, Random noise) {
    return new Event.Reading(
        reading.contactorClosed(),
        reading.pwmPercent(),
        reading.pilot(),
        reading.proximity(),
        noise(noise),
        noise(noise),
        reading.uptimeMillis());
  }

  private static PhaseValues noise(Random noise) {
    return new PhaseValues(noise.nextInt(400_000), noise.nextInt(400_000), noise.nextInt(400_000));
  }
}
