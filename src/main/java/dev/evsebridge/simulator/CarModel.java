package dev.evsebridge.simulator;

import java.time.Duration;

/**
 * What a car is like.
 *
 * @param cable the cable that it brings
 * @param phases on how many phases it charges, 1 to 3
 * @param maxAmps what it draws at most, on each phase
 * @param minAmps what it has to be offered in order to charge
 * @param kilowattHours how much it takes until it is full
 * @param reaction from a change of the duty cycle to the car's following it
 * @param stopDelay from the end of an offer to the car's return to state B
 * @param ampsPerSecond how fast its current rises; it falls five times as fast
 * @param excessAmps what it draws beyond what it may
 * @param ignoresPwm whether it draws {@code maxAmps} once it has begun, whatever is offered
 * @param ventilation whether it asks for power with ventilation: state D
 * @param sleep what wakes it up
 * @param flicker when not zero, it changes between asking and not asking at this interval
 */
public record CarModel(
    ProximityPilot cable,
    int phases,
    double maxAmps,
    double minAmps,
    double kilowattHours,
    Duration reaction,
    Duration stopDelay,
    double ampsPerSecond,
    double excessAmps,
    boolean ignoresPwm,
    boolean ventilation,
    Sleep sleep,
    Duration flicker) {

  /** What it takes until a car asks for power. */
  public enum Sleep {
    /** It is awake. */
    AWAKE,
    /** An offer must be interrupted for 3 s: by a duty cycle of 100 %, or of 0 %. */
    UNTIL_PAUSE,
    /** The pilot must have been in state F for 3 s: a duty cycle of 0 %. */
    UNTIL_STATE_F
  }

  /** Three phases, 16 A, a cable of 32 A, never full, and well-behaved. */
  public static final CarModel ORDINARY =
      new CarModel(
          ProximityPilot.AMP_32,
          3,
          16,
          6,
          1e6,
          Duration.ofMillis(500),
          Duration.ofSeconds(2),
          4,
          0,
          false,
          false,
          Sleep.AWAKE,
          Duration.ZERO);

  public CarModel {
    if (cable == ProximityPilot.NO_CABLE) {
      throw new IllegalArgumentException("A car brings a cable");
    }
    if (phases < 1 || phases > 3) {
      throw new IllegalArgumentException("A car has 1 to 3 phases, not " + phases);
    }
  }

  public CarModel withCable(ProximityPilot cable) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel withPhases(int phases) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel withAmps(double minAmps, double maxAmps) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel fullAfter(double kilowattHours) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  /**
   * How slowly it follows the duty cycle, and how late it leaves state C once nothing is offered.
   */
  public CarModel reacting(Duration reaction, Duration stopDelay, double ampsPerSecond) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel drawingTooMuch(double excessAmps) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel ignoringPwm() {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        true,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel withVentilation() {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        true,
        sleep,
        flicker);
  }

  public CarModel sleeping(Sleep sleep) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }

  public CarModel flickering(Duration flicker) {
    return new CarModel(
        cable,
        phases,
        maxAmps,
        minAmps,
        kilowattHours,
        reaction,
        stopDelay,
        ampsPerSecond,
        excessAmps,
        ignoresPwm,
        ventilation,
        sleep,
        flicker);
  }
}
