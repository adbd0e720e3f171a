package dev.evsebridge.control;

/**
 * Duty cycle of the control pilot and the current that it allows (IEC 61851-1, as the charger's
 * firmware applies it). Currents are in tenths of an ampere, so that nothing is lost to binary
 * fractions.
 */
public final class DutyCycle {
  /** Steady +12 V: no current is offered. */
  public static final int NO_OFFER = 100;

  /** Steady -12 V: the charger is not available (state F). */
  public static final int NOT_AVAILABLE = 0;

  private static final int LEAST_OFFER = 10;
  private static final int LAST_OF_LOWER_RANGE = 85;
  private static final int MOST_OFFER = 96;
  private static final int LEAST_DECIAMPS = 60;
  private static final int DECIAMPS_PER_PERCENT = 6;
  private static final int UPPER_RANGE_OFFSET = 64;
  private static final int UPPER_DECIAMPS_PER_PERCENT = 25;

  private DutyCycle() {}

  /**
   * The highest whole duty cycle that allows no more than the given current: floor, never above
   * what was asked. 51 to 55 A all give 85 %, since 86 % already allows 55 A.
   *
   * @return 10 to 96, or {@link #NO_OFFER} below 6 A
   */
  public static int percentFor(int deciamps) {
    if (deciamps < LEAST_DECIAMPS) {
      return NO_OFFER;
    }
    int upper = UPPER_RANGE_OFFSET + deciamps / UPPER_DECIAMPS_PER_PERCENT;
    if (upper > LAST_OF_LOWER_RANGE) {
      return Math.min(upper, MOST_OFFER);
    }
    return Math.min(deciamps / DECIAMPS_PER_PERCENT, LAST_OF_LOWER_RANGE);
  }

  /** The current that a duty cycle allows; 0 below 10 % and from 97 % on. */
  public static int deciampsOffered(int percent) {
    if (!offers(percent)) {
      return 0;
    }
    return percent <= LAST_OF_LOWER_RANGE
        ? percent * DECIAMPS_PER_PERCENT
        : (percent - UPPER_RANGE_OFFSET) * UPPER_DECIAMPS_PER_PERCENT;
  }

  /** Whether a duty cycle allows any current. */
  public static boolean offers(int percent) {
    return percent >= LEAST_OFFER && percent <= MOST_OFFER;
  }
}
