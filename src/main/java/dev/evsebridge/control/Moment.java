package dev.evsebridge.control;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * The instant at which a step is taken. Every rule that asks whether a time is over and hears "not
 * yet" has thereby said when it wants to be asked again: so no deadline can be forgotten, and none
 * lies in the past.
 */
final class Moment {
  private final long nowNanos;
  private boolean waiting;
  private long soonestNanos;

  Moment(long nowNanos) {
    this.nowNanos = nowNanos;
  }

  long nowNanos() {
    return nowNanos;
  }

  /** Whether the time since the mark is over; false when there is no mark. */
  boolean over(Mark mark, Duration duration) {
    if (!mark.isSet()) {
      return false;
    }
    long leftNanos = duration.toNanos() - mark.ageNanos(nowNanos);
    if (leftNanos <= 0) {
      return true;
    }
    if (!waiting || leftNanos < soonestNanos - nowNanos) {
      waiting = true;
      soonestNanos = nowNanos + leftNanos;
    }
    return false;
  }

  /** Whether there is a mark and the time since it is not over. */
  boolean within(Mark mark, Duration duration) {
    return mark.isSet() && !over(mark, duration);
  }

  /** When to step again if nothing happens before. */
  OptionalLong deadlineNanos() {
    return waiting ? OptionalLong.of(soonestNanos) : OptionalLong.empty();
  }
}
