package dev.evsebridge.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/**
 * How long the tests wait for something that must happen; a run that goes well never waits so long.
 */
public final class Patience {
  public static final Duration LIMIT = Duration.ofSeconds(20);

  private Patience() {}

  /** For what another process does and no event tells: looks again and again. */
  public static void until(String what, Callable<Boolean> condition) {
    until(what, LIMIT, condition);
  }

  public static void until(String what, Duration limit, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(limit)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .until(condition);
  }
}
