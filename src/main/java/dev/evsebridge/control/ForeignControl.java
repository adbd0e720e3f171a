package dev.evsebridge.control;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** Counts what the charger shows without having been told: somebody else writes to it. */
final class ForeignControl {
  private static final int TOO_MANY = 3;
  private static final Duration WINDOW = Duration.ofSeconds(60);
  private static final Duration QUIET = Duration.ofMinutes(10);

  private final Deque<Long> deviations = new ArrayDeque<>();
  private final Mark last = new Mark();

  /**
   * Counts a deviation.
   *
   * @return whether there have been too many within a minute
   */
  boolean deviated(long nowNanos) {
    last.set(nowNanos);
    deviations.addLast(nowNanos);
    while (nowNanos - deviations.getFirst() > WINDOW.toNanos()) {
      deviations.removeFirst();
    }
    return deviations.size() >= TOO_MANY;
  }

  /** Whether there has been none for so long that the error clears by itself. */
  boolean quiet(Moment moment) {
    return moment.over(last, QUIET);
  }

  void clear() {
    deviations.clear();
    last.clear();
  }
}
