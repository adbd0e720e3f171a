package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What must hold for an hour, with the settings as delivered. A minute of it in every build; the
 * whole:
 *
 * <pre>mvn verify -Dit.test='ChargeHourIT,FleetHourIT' -Dhour.minutes=60 -Dhour.chargers=1000</pre>
 */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeHourIT {
  private static final long MILLIS =
      Duration.ofMinutes(Integer.getInteger("hour.minutes", 1)).toMillis();

  private static final int MOST_STARTS = 12;
  private static final long MIN_OFF_MILLIS = 15_000;

  @RegisterExtension
  static final Wallboxes supervised =
      Wallboxes.with(bridge -> bridge.property("alive.timeout", "30s"));

  @RegisterExtension static final Wallboxes unsupervised = Wallboxes.ofSixteenAmps();

  private static final Wallbox REPEATING = supervised.wallbox("fallback_amps=6");
  private static final Wallbox TOGGLING = unsupervised.wallbox("min_off=15s");

  @Test
  void takesTheSameSetPointsAgainAndAgainForASignOfLife() {
    REPEATING.charge(CarModel.ORDINARY, 16);
    long start = now();
    long[] sent = {start};
    untilTheHourIsOver(
        start,
        () -> {
          if (now() - sent[0] >= 10_000) {
            sent[0] += 10_000;
            REPEATING.send("set", "{\"enabled\":true,\"limit_amps\":16.0}");
          }
          return true;
        });

    assertEquals(List.of(), REPEATING.commandsSince(start));
    assertEquals("alive", REPEATING.state().path("alive").asText());
    assertEquals(26, REPEATING.charger().dutyCyclePercent());
  }

  @Test
  void sparesTheContactorFromACarThatChangesItsMindEveryThreeSeconds(TestReporter reporter) {
    long start = now();
    TOGGLING.offer(CarModel.ORDINARY.flickering(Duration.ofSeconds(3)), 16);
    TOGGLING.charger().ask();
    // A charger remembers its newest events only.
    Set<Long> closings = new TreeSet<>();
    Set<Long> openings = new TreeSet<>();
    untilTheHourIsOver(
        start,
        () -> {
          for (Event event : TOGGLING.eventsSince(start)) {
            if (event.kind() == Kind.CONTACTOR) {
              (event.value() == 1 ? closings : openings).add(event.atMillis());
            }
          }
          return true;
        });

    assertTrue(closings.size() >= 2, () -> "closed at " + closings);
    assertTrue(closings.size() <= MOST_STARTS, () -> "closed at " + closings);
    for (long opened : openings) {
      assertTrue(
          closings.stream()
              .filter(closed -> closed > opened)
              .allMatch(closed -> closed - opened >= MIN_OFF_MILLIS),
          () -> "closed at " + closings + ", opened at " + openings);
    }
    long longest = TOGGLING.charger().longestClosedOutsideCharging().toMillis();
    assertTrue(longest <= 1_300 + SLACK_MILLIS, () -> "closed in state B for " + longest + " ms");
    reporter.publishEntry(
        "toggling", "%d closings, %d ms in state B at most".formatted(closings.size(), longest));
  }

  private static void untilTheHourIsOver(long start, Callable<Boolean> step) {
    Patience.until(
        "the hour is over",
        Duration.ofMillis(MILLIS).plusMinutes(2),
        () -> step.call() && now() - start >= MILLIS);
  }
}
