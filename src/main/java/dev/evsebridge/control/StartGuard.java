package dev.evsebridge.control;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Spares contactor and car: delays starts, never stops. Cars give up after some ten interruptions,
 * and each closing wears the contactor.
 */
final class StartGuard {
  private static final Duration BUDGET_WINDOW = Duration.ofHours(1);

  private final Duration minOff;
  private final Duration restartDelay;
  private final int startsPerHour;
  private final Mark opened = new Mark();
  private final Mark openedByLimit = new Mark();
  private final Mark reset = new Mark();
  private final Deque<Mark> starts = new ArrayDeque<>();

  StartGuard(ControlSettings settings) {
    minOff = settings.minOff();
    restartDelay = settings.restartDelay();
    startsPerHour = settings.startsPerHour();
  }

  /** Takes up what an earlier run has left. */
  void restore(ControlMemory memory, long nowNanos) {
    restore(opened, memory.openingAge(), nowNanos);
    restore(openedByLimit, memory.openingByLimitAge(), nowNanos);
    for (Duration age : memory.startAges()) {
      Mark start = new Mark();
      restore(start, age, nowNanos);
      starts.addLast(start);
    }
  }

  /** An opening was ordered, acknowledged or seen; the latest of them counts. */
  void opened(long nowNanos) {
    opened.set(nowNanos);
  }

  /** That opening ends a charge that a limit did not allow to go on. */
  void openedByLimit(long nowNanos) {
    openedByLimit.set(nowNanos);
  }

  /** An error was reset by hand: nothing starts in the same breath. */
  void errorReset(long nowNanos) {
    reset.set(nowNanos);
  }

  /** Another car comes: it need not wait for what the last one was stopped for. */
  void unplugged() {
    openedByLimit.clear();
  }

  void started(long nowNanos) {
    Mark start = new Mark();
    start.set(nowNanos);
    starts.addLast(start);
  }

  /** What delays the next start, or null. */
  @Nullable Why obstacle(Moment moment) {
    forgetOldStarts(moment.nowNanos());
    if (moment.within(opened, minOff) || moment.within(reset, minOff)) {
      return Why.MIN_OFF;
    }
    if (moment.within(openedByLimit, restartDelay)) {
      return Why.RESTART_DELAY;
    }
    Mark limiting = limitingStart();
    return limiting != null && moment.within(limiting, BUDGET_WINDOW) ? Why.TOO_MANY_STARTS : null;
  }

  /** When the last of the delays is over; empty when none is running. */
  OptionalLong readyAtNanos(long nowNanos) {
    long leftNanos = Math.max(left(opened, minOff, nowNanos), left(reset, minOff, nowNanos));
    leftNanos = Math.max(leftNanos, left(openedByLimit, restartDelay, nowNanos));
    Mark limiting = limitingStart();
    if (limiting != null) {
      leftNanos = Math.max(leftNanos, left(limiting, BUDGET_WINDOW, nowNanos));
    }
    return leftNanos > 0 ? OptionalLong.of(nowNanos + leftNanos) : OptionalLong.empty();
  }

  @Nullable Duration openingAge(long nowNanos) {
    return age(opened, nowNanos);
  }

  @Nullable Duration openingByLimitAge(long nowNanos) {
    return age(openedByLimit, nowNanos);
  }

  List<Duration> startAges(long nowNanos) {
    forgetOldStarts(nowNanos);
    List<Duration> ages = new ArrayList<>();
    for (Mark start : starts) {
      ages.add(Duration.ofNanos(start.ageNanos(nowNanos)));
    }
    return ages;
  }

  /** The start that must be an hour old before the next one, or null. */
  private @Nullable Mark limitingStart() {
    if (startsPerHour == 0 || starts.size() < startsPerHour) {
      return null;
    }
    int index = starts.size() - startsPerHour;
    for (Mark start : starts) {
      if (index-- == 0) {
        return start;
      }
    }
    return null;
  }

  private void forgetOldStarts(long nowNanos) {
    while (!starts.isEmpty() && starts.getFirst().ageNanos(nowNanos) >= BUDGET_WINDOW.toNanos()) {
      starts.removeFirst();
    }
  }

  private static long left(Mark mark, Duration duration, long nowNanos) {
    return mark.isSet() ? duration.toNanos() - mark.ageNanos(nowNanos) : 0;
  }

  private static @Nullable Duration age(Mark mark, long nowNanos) {
    return mark.isSet() ? Duration.ofNanos(mark.ageNanos(nowNanos)) : null;
  }

  private static void restore(Mark mark, @Nullable Duration age, long nowNanos) {
    if (age != null) {
      mark.set(nowNanos - age.toNanos());
    }
  }
}
