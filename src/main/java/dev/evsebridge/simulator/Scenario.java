package dev.evsebridge.simulator;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** What the cars of a fleet do, and what is wrong with its chargers. */
public enum Scenario {
  /** All sorts: three phases, one phase, full soon, weak Wi-Fi, and a faulty pilot. */
  MIXED,
  /** Every car charges until it leaves. */
  CHARGING,
  /** Cars that have to be woken up, by a pause of the offer or by state F. */
  SLEEPY,
  /** Cars that ask for power and change their mind every few seconds. */
  FLICKER,
  /** Cars that ask for ventilation. */
  VENTILATION,
  /** Cars that draw what they like, and don't stop when they are told to. */
  IGNORES_PWM,
  /** Cars that draw 4 A more than they may. */
  OVERCURRENT,
  /** Cars that take 5 s to stop. */
  LATE,
  /** The contactor welds at its first closing, and cars go on drawing. */
  WELDED,
  /** The contactor never closes. */
  DISOBEYS,
  /** The pilot is faulty now and then. */
  FAULT,
  /** A slow link that delays some packets, and Wi-Fi that goes away. */
  WEAK_WIFI,
  /** No car comes unless somebody plugs it in. */
  EMPTY;

  /** As it is written on a command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Optional<Scenario> of(String label) {
    return Arrays.stream(values()).filter(scenario -> scenario.label().equals(label)).findFirst();
  }

  /** All labels, for people. */
  public static String labels() {
    return Arrays.stream(values()).map(Scenario::label).collect(Collectors.joining(", "));
  }

  /** What charger number n (from 1) of a fleet has to do with. */
  Scenario ofCharger(int number) {
    if (this != MIXED) {
      return this;
    }
    return switch (number % 5) {
      case 4 -> WEAK_WIFI;
      case 0 -> FAULT;
      default -> MIXED;
    };
  }

  /** The next car at charger number n (from 1). */
  CarModel nextCar(int number, SplittableRandom random) {
    CarModel car =
        CarModel.ORDINARY
            .withCable(random.nextBoolean() ? ProximityPilot.AMP_32 : ProximityPilot.AMP_20)
            .withAmps(6, random.nextBoolean() ? 16 : 32);
    return switch (this) {
      case MIXED -> mixed(number, car);
      case SLEEPY ->
          car.sleeping(number % 2 == 0 ? CarModel.Sleep.UNTIL_STATE_F : CarModel.Sleep.UNTIL_PAUSE);
      case FLICKER -> car.flickering(Duration.ofSeconds(3));
      case VENTILATION -> car.withVentilation();
      case IGNORES_PWM, WELDED -> car.ignoringPwm();
      case OVERCURRENT -> car.drawingTooMuch(4);
      case LATE -> car.reacting(Duration.ofSeconds(3), Duration.ofSeconds(5), 4);
      default -> car;
    };
  }

  private static CarModel mixed(int number, CarModel car) {
    return switch (number % 5) {
      case 2 -> car.withPhases(1).withCable(ProximityPilot.AMP_20);
      case 3 -> car.fullAfter(0.2);
      default -> car;
    };
  }

  ContactorFault contactorFault() {
    return switch (this) {
      case WELDED -> ContactorFault.WELDED;
      case DISOBEYS -> ContactorFault.STUCK_PIN;
      default -> ContactorFault.NONE;
    };
  }

  boolean hasFaultyPilot() {
    return this == FAULT;
  }

  boolean hasWeakWifi() {
    return this == WEAK_WIFI;
  }
}
