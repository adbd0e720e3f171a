package dev.evsebridge.control;

import org.jspecify.annotations.Nullable;

/**
 * What the car may draw: the smallest of all limits. Below the minimum it is nothing; it is never
 * raised to the minimum, since a limit may guard a fuse.
 *
 * @param deciamps what the car may draw; 0 or at least the minimum
 * @param protectiveDeciamps the same without the set-point: exceeding it is mended at once, while
 *     set-points wait for their slot
 * @param limitedBy the limit that holds
 * @param maxDeciamps the smaller of circuit and cable
 */
record Allowance(int deciamps, int protectiveDeciamps, LimitedBy limitedBy, int maxDeciamps) {

  /** What is offered to a car that asked for power without having been in state B. */
  static final int SIMPLIFIED_DECIAMPS = 100;

  /**
   * Weighs all limits.
   *
   * @param limitDeciamps the set-point
   * @param cableDeciamps rating of the cable, 0 when none is recognised; null when no car is
   *     plugged in
   * @param fallback whether the fallback current applies
   * @param overcurrentDeciamps what a car that drew too much was reduced to, or null
   * @param simplified whether the car asked without having been in state B
   */
  static Allowance of(
      ControlSettings settings,
      int limitDeciamps,
      @Nullable Integer cableDeciamps,
      boolean fallback,
      @Nullable Integer overcurrentDeciamps,
      boolean simplified) {
    Smallest smallest = new Smallest();
    smallest.take(LimitedBy.CABLE, cableDeciamps);
    smallest.take(LimitedBy.MAX_AMPS, settings.maxDeciamps());
    int maxDeciamps = smallest.deciamps;
    smallest.take(LimitedBy.FALLBACK, fallback ? settings.fallbackDeciamps() : null);
    smallest.take(LimitedBy.OVERCURRENT, overcurrentDeciamps);
    smallest.take(LimitedBy.SIMPLIFIED, simplified ? SIMPLIFIED_DECIAMPS : null);
    int protectiveDeciamps = smallest.deciamps;
    smallest.take(LimitedBy.LIMIT, limitDeciamps);
    return new Allowance(
        atLeast(settings.minDeciamps(), smallest.deciamps),
        atLeast(settings.minDeciamps(), protectiveDeciamps),
        smallest.limitedBy,
        maxDeciamps);
  }

  private static int atLeast(int minimum, int deciamps) {
    return deciamps < minimum ? 0 : deciamps;
  }

  private static final class Smallest {
    private int deciamps = Integer.MAX_VALUE;
    private LimitedBy limitedBy = LimitedBy.LIMIT;

    void take(LimitedBy source, @Nullable Integer candidate) {
      if (candidate != null && candidate < deciamps) {
        deciamps = candidate;
        limitedBy = source;
      }
    }
  }
}
