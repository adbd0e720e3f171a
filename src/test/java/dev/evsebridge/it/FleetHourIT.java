package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.Event;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RequiresMosquitto;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Many chargers under control, and cars that come, charge and leave. Some chargers for a minute in
 * every build, with cars that are in a hurry; the whole is a thousand for an hour, each with a car
 * every ten minutes, see {@link ChargeHourIT}.
 */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class FleetHourIT {
  private static final int MINUTES = Integer.getInteger("hour.minutes", 1);
  private static final int CHARGERS = Integer.getInteger("hour.chargers", 30);
  private static final long MIN_OFF_MILLIS = 15_000;
  private static final int PILOT_C = 2;

  private static Installation installation =
      Installation.with(
          bridge ->
              bridge
                  .property("control.mode", "on")
                  .property("control.max_amps", "16")
                  .property("control.initial_enabled", "true"));
  private static Simulator simulator;

  @BeforeAll
  static void start() {
    installation = installation.start();
    SimulatorTiming timing =
        MINUTES < 10
            ? SimulatorTiming.DEFAULT.withCars(
                Duration.ofSeconds(10), Duration.ofSeconds(4), Duration.ofSeconds(20))
            : SimulatorTiming.DEFAULT.withCars(
                Duration.ofMinutes(3), Duration.ofSeconds(30), Duration.ofMinutes(7));
    simulator =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), installation.bridge().port()),
            CHARGERS,
            timing,
            Scenario.CHARGING);
    simulator.chargers().forEach(SimulatedCharger::recordEvents);
    simulator.start();
  }

  @AfterAll
  static void stop() {
    simulator.close();
    installation.close();
  }

  @Test
  void keepsEveryLimit(TestReporter reporter) {
    long start = now();
    Duration whole = Duration.ofMinutes(MINUTES);
    Patience.until(
        "the hour is over", whole.plusMinutes(1), () -> now() - start >= whole.toMillis());

    List<SimulatedCharger> chargers = simulator.chargers();
    for (SimulatedCharger charger : chargers) {
      assertSafe(charger.events());
      assertEquals(0, charger.openingsUnderLoad(), charger::serial);
    }
    long closings = chargers.stream().mapToLong(SimulatedCharger::closings).sum();
    assertTrue(closings >= CHARGERS / 2, () -> closings + " closings");
    List<Long> longest =
        chargers.stream()
            .map(charger -> charger.longestClosedOutsideCharging().toMillis())
            .sorted()
            .toList();
    long slowest = longest.get(longest.size() - 1);
    reporter.publishEntry(
        "fleet",
        "%d chargers, %d closings; longest closed outside C, of each charger: median %d ms, 99 %% %d ms, longest %d ms"
            .formatted(
                CHARGERS,
                closings,
                longest.get(longest.size() / 2),
                longest.get(longest.size() * 99 / 100),
                slowest));
    assertTrue(slowest <= 1_300 + SLACK_MILLIS, () -> "closed outside C for " + slowest + " ms");
  }

  private static void assertSafe(List<Event> events) {
    long opened = Long.MIN_VALUE / 2;
    int pilot = 0;
    int percent = 100;
    boolean connected = false;
    for (Event event : events) {
      switch (event.kind()) {
        case PILOT -> pilot = event.value();
        case DUTY_CYCLE -> percent = event.value();
        case CONNECTION -> {
          assertTrue(event.value() == 1 || !connected, () -> "disconnected: " + events);
          connected = true;
        }
        case CONTACTOR -> {
          if (event.value() == 1) {
            assertEquals(PILOT_C, pilot, () -> "closed in another state: " + events);
            assertEquals(26, percent, () -> "closed with another offer: " + events);
            long pause = event.atMillis() - opened;
            assertTrue(pause >= MIN_OFF_MILLIS, () -> "a pause of " + pause + " ms: " + events);
          } else {
            opened = event.atMillis();
          }
        }
        default -> {}
      }
    }
  }
}
