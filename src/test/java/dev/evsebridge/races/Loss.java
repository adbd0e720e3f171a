package dev.evsebridge.races;

/**
 * Why a request is without an outcome, as far as the order can tell in which the broker took it.
 */
public enum Loss {
  /** It was sent before the bridge of its charger was killed. */
  UNDER_WAY,
  /** The bridge of its charger was dead, and the broker had not said its will yet. */
  BEFORE_THE_WILL,
  /** No bridge had its charger, and one was killed at that time: the one that was to say so. */
  REFEREE_KILLED,
  /** No bridge had come back to the broker: there was nobody whom it could have given it to. */
  NO_BRIDGE,
  /** The first bridge had just come back, and did not answer for the others yet. */
  NO_REFEREE,
  /** The broker had stored that the bridge of its charger is online, but it had not come back. */
  NOT_BACK,
  /** None of these. */
  UNEXPLAINED
}
