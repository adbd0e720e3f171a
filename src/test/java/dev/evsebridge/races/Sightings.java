package dev.evsebridge.races;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAccumulator;

/** What all chargers together have seen. */
final class Sightings {

  private final AtomicInteger outOfOrder = new AtomicInteger();
  private final LongAccumulator longestReturnNanos = new LongAccumulator(Math::max, 0);

  /** A command came that was given before another one that had come. */
  void outOfOrder() {
    outOfOrder.incrementAndGet();
  }

  /**
   * The first command came to a charger that its bridge had closed.
   *
   * @param nanos when it had connected again; 0 if it was not closed
   */
  void backAfter(long nanos) {
    if (nanos != 0) {
      longestReturnNanos.accumulate(System.nanoTime() - nanos);
    }
  }

  int countOutOfOrder() {
    return outOfOrder.get();
  }

  /** From connecting again to the first command that came, at most. */
  Duration longestReturn() {
    return Duration.ofNanos(longestReturnNanos.get());
  }
}
