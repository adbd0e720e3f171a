package dev.evsebridge.control;

/** A remembered instant of the monotonic clock, or none. */
final class Mark {
  private boolean set;
  private long nanos;

  void set(long nowNanos) {
    set = true;
    nanos = nowNanos;
  }

  void setIfNone(long nowNanos) {
    if (!set) {
      set(nowNanos);
    }
  }

  void setIfLater(long atNanos) {
    if (!set || atNanos - nanos > 0) {
      set(atNanos);
    }
  }

  void clear() {
    set = false;
  }

  boolean isSet() {
    return set;
  }

  long nanos() {
    return nanos;
  }

  /** Time since then; only for a mark that is set. */
  long ageNanos(long nowNanos) {
    return nowNanos - nanos;
  }
}
