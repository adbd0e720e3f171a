package dev.evsebridge.control;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What speaks against charging: all limits and reasons, weighed in one place. Decisions and the
 * reason that people read come from here, so that they cannot differ.
 */
final class Obstacles {
  private static final Set<Why> SET_POINTS =
      EnumSet.of(Why.DISABLED, Why.LIMIT_ZERO, Why.LIMIT_BELOW_MINIMUM);
  private static final Set<Why> DELAYING =
      EnumSet.of(
          Why.LIMIT_ZERO,
          Why.LIMIT_BELOW_MINIMUM,
          Why.CONTROL_SILENT,
          Why.BROKER_LOST,
          Why.SUPPLY_VOLTAGE);

  private final ControlSettings settings;
  private final SetPoints setPoints;
  private final ControlLife life;
  private final Protection protection;
  private final Vehicle vehicle;
  private final Latches latches;
  private final StartGuard guard;
  private boolean brokerLost;
  private boolean bridgeStopping;

  Obstacles(
      ControlSettings settings,
      SetPoints setPoints,
      ControlLife life,
      Protection protection,
      Vehicle vehicle,
      Latches latches,
      StartGuard guard) {
    this.settings = settings;
    this.setPoints = setPoints;
    this.life = life;
    this.protection = protection;
    this.vehicle = vehicle;
    this.latches = latches;
    this.guard = guard;
  }

  void brokerLost(boolean lost) {
    brokerLost = lost && settings.brokerLoss() == ControlSettings.BrokerLoss.FALLBACK;
  }

  void bridgeStops() {
    bridgeStopping = true;
  }

  /** What the car may draw by all limits. */
  Allowance allowance() {
    return Allowance.of(
        settings,
        setPoints.limitDeciamps(),
        vehicle.limitingDeciamps(),
        brokerLost || life.silent(),
        protection.reducedDeciamps(),
        vehicle.simplified());
  }

  /** The first reason against charging, whatever the state; null when there is none. */
  @Nullable Why charging() {
    for (LatchedError error : latches.all()) {
      return error.why();
    }
    if (protection.supplyOutOfRange()) {
      return Why.SUPPLY_VOLTAGE;
    } else if (bridgeStopping) {
      return Why.BRIDGE_STOPPING;
    } else if (brokerLost && settings.fallbackDeciamps() == 0) {
      return Why.BROKER_LOST;
    } else if (life.silent() && settings.fallbackDeciamps() == 0) {
      return Why.CONTROL_SILENT;
    } else if (!setPoints.enabled()) {
      return Why.DISABLED;
    } else if (setPoints.limitDeciamps() == 0) {
      return Why.LIMIT_ZERO;
    } else if (limitDeciamps() < settings.minDeciamps()) {
      return Why.LIMIT_BELOW_MINIMUM;
    }
    return ofTheCar();
  }

  /** The first reason against a start; null when there is none. */
  @Nullable Why starting(Moment now) {
    Why obstacle = charging();
    return obstacle != null ? obstacle : guard.obstacle(now);
  }

  /** Whether a reason comes from set-points: ending an offer for it waits for its slot. */
  static boolean comesFromSetPoints(Why why) {
    return SET_POINTS.contains(why);
  }

  /** Whether the next start is delayed after a stop for this reason. */
  static boolean delaysRestart(@Nullable Why why) {
    return why != null && DELAYING.contains(why);
  }

  private @Nullable Why ofTheCar() {
    Integer cable = vehicle.limitingDeciamps();
    if (vehicle.absent()) {
      return Why.NO_VEHICLE;
    } else if (cable != null && cable == 0) {
      return Why.NO_CABLE_RATING;
    } else if (cable != null && cable < settings.minDeciamps()) {
      return Why.CABLE_TOO_SMALL;
    }
    return vehicle.ventilationRefused() ? Why.VENTILATION_REQUIRED : null;
  }

  /** The set-point, or what a car gets that asked without having been in state B. */
  private int limitDeciamps() {
    return vehicle.simplified()
        ? Math.min(setPoints.limitDeciamps(), Allowance.SIMPLIFIED_DECIAMPS)
        : setPoints.limitDeciamps();
  }
}
