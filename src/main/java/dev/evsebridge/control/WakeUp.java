package dev.evsebridge.control;

import java.time.Duration;

/**
 * Wakes a car that is offered current and does not ask for it: takes the offer away for some
 * seconds, and, if set so, shows state F once. Twice at most: more would teach the car to give up.
 */
final class WakeUp {
  private static final int MOST_TRIES = 2;
  private static final Duration PAUSE = Duration.ofSeconds(4);
  private static final Duration AFTER_PULSE = Duration.ofSeconds(1);

  /** A car that left state C by itself is left alone; so long a lost offer makes a new one. */
  private static final Duration LEFT_ALONE = Duration.ofHours(1);

  private enum Phase {
    /** No offer. */
    PAUSE,
    /** State F. */
    PULSE,
    /** No offer, after state F. */
    REST
  }

  private final ControlSettings settings;
  private final Mark offeredSince = new Mark();
  private final Mark withdrawn = new Mark();
  private Phase phase = Phase.PAUSE;
  private int tries;

  WakeUp(ControlSettings settings) {
    this.settings = settings;
  }

  /** An offer begins, or begins anew after a try or after the car has asked. */
  void offered(long nowNanos) {
    if (withdrawn.isSet() && withdrawn.ageNanos(nowNanos) >= LEFT_ALONE.toNanos()) {
      tries = 0;
    }
    withdrawn.clear();
    offeredSince.set(nowNanos);
  }

  void withdrawn(long nowNanos) {
    offeredSince.clear();
    withdrawn.setIfNone(nowNanos);
  }

  /** Unplugged, or switched off and on by the user. */
  void forgetTries() {
    tries = 0;
  }

  boolean due(Mark leftByItself, Moment moment) {
    return settings.wakeUp() != ControlSettings.WakeUp.OFF
        && tries < MOST_TRIES
        && !moment.within(leftByItself, LEFT_ALONE)
        && moment.over(offeredSince, settings.wakeUpAfter());
  }

  void begin() {
    tries++;
    phase =
        settings.wakeUp() == ControlSettings.WakeUp.PULSE && tries == MOST_TRIES
            ? Phase.PULSE
            : Phase.PAUSE;
  }

  int percent() {
    return phase == Phase.PULSE ? DutyCycle.NOT_AVAILABLE : DutyCycle.NO_OFFER;
  }

  /** Goes on to the next phase when the running one has been in force for long enough. */
  boolean ended(PilotSignal pilotSignal, Moment moment) {
    if (!pilotSignal.is(percent())) {
      return false;
    }
    return switch (phase) {
      case PAUSE -> moment.over(pilotSignal.since(), PAUSE);
      case REST -> moment.over(pilotSignal.since(), AFTER_PULSE);
      case PULSE -> {
        if (moment.over(pilotSignal.since(), PAUSE)) {
          phase = Phase.REST;
        }
        yield false;
      }
    };
  }
}
