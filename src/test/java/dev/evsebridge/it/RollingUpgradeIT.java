package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.races.Races;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Several bridges are upgraded one after the other: clients and chargers notice nothing of it. */
@RequiresMosquitto
class RollingUpgradeIT {

  /** Chargers that have not come back by then read offline. */
  private static final Duration RETURN = Duration.ofSeconds(20);

  @Test
  void eachRequestHasOneOutcomeWhileOneBridgeAfterTheOtherIsRestarted() {
    try (Races races = new Races(2, false)) {
      Races.Figures figures = races.run(Races.Fault.UPGRADE, 20, 100, Duration.ofSeconds(5));
      assertTrue(figures.requests() > 0, figures::toString);
      assertEquals(figures.requests(), figures.exactlyOne(), figures::toString);
      assertEquals(0, figures.outOfOrder(), figures::toString);
      assertEquals(0, figures.saidOffline(), figures::toString);
      assertTrue(figures.longestWithoutBridge().compareTo(RETURN) < 0, figures::toString);
    }
  }
}
