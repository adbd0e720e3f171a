package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The bridge is killed, or ended with {@code control.on_stop = leave}, again and again while cars
 * are being charged: none of them may notice. Twice in every build; for longer:
 *
 * <pre>mvn verify -Dit.test=ChargeAdoptionIT -Dadoption.restarts=100 -Dadoption.chargers=20</pre>
 */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeAdoptionIT {
  private static final int RESTARTS = Integer.getInteger("adoption.restarts", 2);
  private static final int CHARGERS = Integer.getInteger("adoption.chargers", 4);
  private static final long SEED = Long.getLong("adoption.seed", 1);

  private static final Duration LIMIT = Duration.ofMinutes(4);

  @RegisterExtension
  static final Wallboxes wallboxes =
      Wallboxes.with(bridge -> bridge.property("control.on_stop", "leave"));

  private static final List<Wallbox> CHARGING =
      IntStream.range(0, CHARGERS).mapToObj(number -> wallboxes.wallbox()).toList();

  @Test
  void opensNoContactorHoweverOftenTheBridgeIsRestarted(TestReporter reporter) {
    CHARGING.parallelStream().forEach(wallbox -> wallbox.charge(CarModel.ORDINARY, 16));
    Random random = new Random(SEED);
    for (int restart = 1; restart <= RESTARTS; restart++) {
      // At any phase: of polls, of connecting again, of taking up; and of the start of the bridge.
      if (random.nextInt(4) > 0) {
        wallboxes.bridge().awaitListening(LIMIT);
      }
      long wait = random.nextInt(9_000);
      long start = now();
      Patience.until("it has run for a while", LIMIT, () -> now() - start >= wait);
      if (restart % 2 == 0) {
        wallboxes.bridge().kill();
      } else {
        wallboxes.bridge().requestStop();
        int unused = wallboxes.bridge().exitStatus(LIMIT);
      }
      wallboxes.bridge().start();
      reporter.publishEntry("after restart " + restart, openings() + " openings");
    }
    wallboxes.bridge().awaitListening(LIMIT);

    CHARGING.parallelStream().forEach(wallbox -> wallbox.awaitReadings(2));
    for (Wallbox wallbox : CHARGING) {
      wallbox.awaitState("it is charging", state -> state.path("charging").asBoolean());
      assertEquals(0, wallbox.charger().openings(), () -> wallbox.charger().events().toString());
      assertEquals(1, wallbox.charger().closings());
      assertTrue(wallbox.charger().isContactorClosed());
      assertEquals(26, wallbox.charger().dutyCyclePercent());
    }
  }

  private static int openings() {
    return CHARGING.stream().mapToInt(wallbox -> wallbox.charger().openings()).sum();
  }
}
