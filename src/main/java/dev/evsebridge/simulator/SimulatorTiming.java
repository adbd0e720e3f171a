package dev.evsebridge.simulator;

import java.time.Duration;

/**
 * How long everything takes in the simulation.
 *
 * @param loopInterval one turn of the firmware's only loop: it looks at the pilots and handles at
 *     most one request
 * @param collectDuration how long a request for data keeps the loop busy
 * @param pilotDebounce how long the control pilot must have left 6 V, or the proximity pilot must
 *     have changed, before the charger believes it
 * @param requestTimeout a connection without a complete request for this long is dropped
 * @param connectBackoff from one attempt to connect to the next
 * @param chargingTimeout charging is disabled when no complete request came for this long
 * @param watchdogTimeout the charger resets itself when its loop has stood still for this long
 * @param boot from a reset to the search for the Wi-Fi
 * @param wifiJoin from there to the first attempt to connect
 * @param firmwareTransfer how long a firmware image of full size takes to be stored
 * @param firmwareCopy how long an accepted image of full size takes to be copied to its place
 * @param rebootDelay from an accepted firmware image to its being copied
 * @param carAbsence how long the place stays empty between two cars
 * @param carPreparation from plugging in to asking for power
 * @param carStay from plugging in to leaving
 */
public record SimulatorTiming(
    Duration loopInterval,
    Duration collectDuration,
    Duration pilotDebounce,
    Duration requestTimeout,
    Duration connectBackoff,
    Duration chargingTimeout,
    Duration watchdogTimeout,
    Duration boot,
    Duration wifiJoin,
    Duration firmwareTransfer,
    Duration firmwareCopy,
    Duration rebootDelay,
    Duration carAbsence,
    Duration carPreparation,
    Duration carStay) {

  /** The firmware's own times, and cars that come and go often enough to be watched. */
  public static final SimulatorTiming DEFAULT =
      new SimulatorTiming(
          Duration.ofMillis(20),
          Duration.ofMillis(600),
          Duration.ofMillis(500),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofSeconds(300),
          Duration.ofSeconds(32),
          Duration.ofSeconds(10),
          Duration.ofSeconds(3),
          Duration.ofSeconds(9),
          Duration.ofSeconds(8),
          Duration.ofSeconds(1),
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofMinutes(5));

  public SimulatorTiming {
    if (loopInterval.toMillis() < 1) {
      throw new IllegalArgumentException("The loop takes at least 1 ms, not " + loopInterval);
    }
  }

  /**
   * Everything in a fraction of its time, the loop not below 1 ms.
   *
   * @param factor how many times as fast, at least 1
   */
  public SimulatorTiming fasterBy(int factor) {
    Duration loop = loopInterval.dividedBy(factor);
    return new SimulatorTiming(
        loop.toMillis() < 1 ? Duration.ofMillis(1) : loop,
        collectDuration.dividedBy(factor),
        pilotDebounce.dividedBy(factor),
        requestTimeout.dividedBy(factor),
        connectBackoff.dividedBy(factor),
        chargingTimeout.dividedBy(factor),
        watchdogTimeout.dividedBy(factor),
        boot.dividedBy(factor),
        wifiJoin.dividedBy(factor),
        firmwareTransfer.dividedBy(factor),
        firmwareCopy.dividedBy(factor),
        rebootDelay.dividedBy(factor),
        carAbsence.dividedBy(factor),
        carPreparation.dividedBy(factor),
        carStay.dividedBy(factor));
  }

  /** The same, but for the time from a reset to the first attempt to connect. */
  public SimulatorTiming withBoot(Duration untilFirstAttempt) {
    return new SimulatorTiming(
        loopInterval,
        collectDuration,
        pilotDebounce,
        requestTimeout,
        connectBackoff,
        chargingTimeout,
        watchdogTimeout,
        untilFirstAttempt,
        Duration.ZERO,
        firmwareTransfer,
        firmwareCopy,
        rebootDelay,
        carAbsence,
        carPreparation,
        carStay);
  }

  /** The same, but for the times that a firmware image of full size takes. */
  public SimulatorTiming withFirmware(Duration transfer, Duration copy, Duration delay) {
    return new SimulatorTiming(
        loopInterval,
        collectDuration,
        pilotDebounce,
        requestTimeout,
        connectBackoff,
        chargingTimeout,
        watchdogTimeout,
        boot,
        wifiJoin,
        transfer,
        copy,
        delay,
        carAbsence,
        carPreparation,
        carStay);
  }

  /** The same, but for the limits within which the bridge has to say something. */
  public SimulatorTiming withTimeouts(Duration request, Duration backoff, Duration charging) {
    return new SimulatorTiming(
        loopInterval,
        collectDuration,
        pilotDebounce,
        request,
        backoff,
        charging,
        watchdogTimeout,
        boot,
        wifiJoin,
        firmwareTransfer,
        firmwareCopy,
        rebootDelay,
        carAbsence,
        carPreparation,
        carStay);
  }

  /** The same, but for the charger's loop: its turn, a request for data, and the debounce. */
  public SimulatorTiming withLoop(Duration interval, Duration collect, Duration debounce) {
    return new SimulatorTiming(
        interval,
        collect,
        debounce,
        requestTimeout,
        connectBackoff,
        chargingTimeout,
        watchdogTimeout,
        boot,
        wifiJoin,
        firmwareTransfer,
        firmwareCopy,
        rebootDelay,
        carAbsence,
        carPreparation,
        carStay);
  }

  /** The same, but for the comings and goings of the cars. */
  public SimulatorTiming withCars(Duration absence, Duration preparation, Duration stay) {
    return new SimulatorTiming(
        loopInterval,
        collectDuration,
        pilotDebounce,
        requestTimeout,
        connectBackoff,
        chargingTimeout,
        watchdogTimeout,
        boot,
        wifiJoin,
        firmwareTransfer,
        firmwareCopy,
        rebootDelay,
        absence,
        preparation,
        stay);
  }
}
