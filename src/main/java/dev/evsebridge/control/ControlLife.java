package dev.evsebridge.control;

import java.time.Duration;

/** Whether the external control lives, as far as anybody watches that. */
final class ControlLife {
  /** A retained birth message comes with the subscription; until then nobody is declared dead. */
  private static final Duration BIRTH_MESSAGE = Duration.ofSeconds(10);

  private final boolean supervised;
  private final Duration timeout;
  private final Mark lastSign = new Mark();
  private boolean seen;
  private boolean goneByWill;
  private boolean silent;

  ControlLife(ControlSettings settings, long nowNanos) {
    supervised = settings.supervisesControl();
    timeout = settings.aliveTimeout();
    // Silence counts from the start.
    lastSign.set(nowNanos);
  }

  void sign(long atNanos) {
    lastSign.setIfLater(atNanos);
    seen = true;
    goneByWill = false;
  }

  void gone() {
    goneByWill = true;
  }

  void advance(Moment moment) {
    if (!supervised) {
      return;
    }
    if (timeout.isZero()) {
      silent = goneByWill || (!seen && moment.over(lastSign, BIRTH_MESSAGE));
    } else {
      silent = goneByWill || moment.over(lastSign, timeout);
    }
  }

  boolean silent() {
    return silent;
  }

  LifeSign status() {
    if (!supervised) {
      return LifeSign.NOT_SUPERVISED;
    }
    return silent ? LifeSign.SILENT : LifeSign.ALIVE;
  }
}
