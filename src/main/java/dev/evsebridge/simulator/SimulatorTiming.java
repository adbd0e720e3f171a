package dev.evsebridge.simulator;

import java.time.Duration;

/**
 * How long everything takes in the simulation.
 *
 * @param sampleInterval how often a charger looks at its pilots and its clocks
 * @param answerDelay from the arrival of a request to its answer
 * @param requestTimeout a connection without a complete request for this long is dropped
 * @param connectBackoff from one attempt to connect to the next
 * @param chargingTimeout charging is disabled when no complete request came for this long
 * @param rebootDelay from an accepted firmware image to the reboot into it
 * @param carAbsence how long the place stays empty between two cars
 * @param carPreparation from plugging in to asking for power
 * @param carStay from plugging in to leaving
 */
public record SimulatorTiming(
    Duration sampleInterval,
    Duration answerDelay,
    Duration requestTimeout,
    Duration connectBackoff,
    Duration chargingTimeout,
    Duration rebootDelay,
    Duration carAbsence,
    Duration carPreparation,
    Duration carStay) {

  /** The firmware's own limits, and cars that come and go often enough to be watched. */
  public static final SimulatorTiming DEFAULT =
      new SimulatorTiming(
          Duration.ofMillis(200),
          Duration.ofMillis(50),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofSeconds(300),
          Duration.ofSeconds(1),
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofMinutes(5));
}
