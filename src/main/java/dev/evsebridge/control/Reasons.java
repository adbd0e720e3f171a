package dev.evsebridge.control;

import org.jspecify.annotations.Nullable;

/** Finds the one reason that is told for not charging: the first of the list that holds. */
final class Reasons {
  private final Obstacles obstacles;
  private final Vehicle vehicle;
  private final StartGuard guard;

  Reasons(Obstacles obstacles, Vehicle vehicle, StartGuard guard) {
    this.obstacles = obstacles;
    this.vehicle = vehicle;
    this.guard = guard;
  }

  /** The reason; null exactly in state CHARGING. */
  @Nullable Why of(ControlState state, Moment now) {
    if (state == ControlState.OFFLINE) {
      return Why.OFFLINE;
    } else if (state == ControlState.UNKNOWN) {
      return Why.NO_READING;
    } else if (state == ControlState.FIRMWARE) {
      return Why.FIRMWARE_UPDATE;
    }
    Why obstacle = obstacles.charging();
    if (obstacle != null && obstacle.compareTo(Why.PILOT_FAULT) <= 0) {
      return obstacle;
    }
    if (state == ControlState.FAULT || vehicle.faulty()) {
      return Why.PILOT_FAULT_WAIT;
    }
    boolean stopRuns =
        state == ControlState.STOPPING || (state == ControlState.OPENING && vehicle.asksForPower());
    if (stopRuns && (obstacle == null || obstacle.compareTo(Why.STOPPING) > 0)) {
      return Why.STOPPING;
    }
    if (obstacle != null) {
      return obstacle;
    }
    return vehicle.pilot() == null ? Why.NO_READING : withoutObstacle(state, now);
  }

  /**
   * What people read.
   *
   * @param limitedBy the limit that holds
   */
  static String sentence(Why why, LimitedBy limitedBy, ControlSettings settings) {
    if (why == Why.LIMIT_BELOW_MINIMUM && limitedBy == LimitedBy.SIMPLIFIED) {
      return "The car asked for power before it was offered any and may draw %s A at most, below the minimum of %s A: unplug it and plug it in again."
          .formatted(Why.amps(Allowance.SIMPLIFIED_DECIAMPS), Why.amps(settings.minDeciamps()));
    }
    return why.sentence(settings.minDeciamps());
  }

  private @Nullable Why withoutObstacle(ControlState state, Moment now) {
    return switch (state) {
      case CHARGING -> null;
      case CONFIRM, CLOSING -> Why.STARTING;
      case WAKING -> Why.WAKING_CAR;
      case OFFERED -> {
        if (vehicle.asksForPower()) {
          yield Why.STARTING;
        }
        yield vehicle.paused() ? Why.CAR_PAUSED : Why.CAR_NOT_ASKING;
      }
      case WAITING, OPENING -> {
        Why delay = guard.obstacle(now);
        if (vehicle.paused()) {
          yield Why.CAR_PAUSED;
        }
        // Without a delay it is the moment before an offer: a short pause as well.
        yield delay == null ? Why.MIN_OFF : delay;
      }
      case FAULT -> Why.PILOT_FAULT_WAIT;
      case IDLE -> Why.NO_VEHICLE;
      case STOPPING -> Why.STOPPING;
      // Not without an obstacle, or told above.
      case LOCKED, OFFLINE, UNKNOWN, FIRMWARE -> Why.NO_READING;
    };
  }
}
