package dev.evsebridge.control;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What measured currents and voltages tell: overcurrent, a welded contactor, a supply out of range.
 * Without calibration it sees nothing and says so. One reading alone never leads to anything.
 */
final class Protection {
  /** Current that flows for sure: above the noise of the sensors. */
  static final int FLOWING_MILLIAMPS = 1_000;

  /** Cars need some 5 s to follow a lower offer, and more until they have settled. */
  private static final Duration OFFER_WINDOW = Duration.ofSeconds(7);

  /** A contactor that was told to open has done so by then. */
  private static final Duration OPENED_FOR_SURE = Duration.ofSeconds(3);

  /** Two readings that are 2 s apart at the charger arrive up to 100 ms closer together. */
  private static final Duration HARD_APART = Duration.ofMillis(1_900);

  private static final Duration IN_RANGE = Duration.ofSeconds(60);

  /** What a reading leads to. */
  enum Finding {
    NOTHING,
    /** The offer is lowered by what the car draws too much. */
    REDUCE,
    /** The car did not follow the lower offer: charging ends. */
    OVERCURRENT,
    /** Far too much: the contactor opens at once. */
    HARD_OVERCURRENT,
    WELDED
  }

  private final ControlSettings settings;
  private final Deque<Offer> offers = new ArrayDeque<>();
  private final Mark overSince = new Mark();
  private final Mark hardSince = new Mark();
  private final boolean[] carried = new boolean[PhaseValues.PHASES];
  private final Mark inRangeSince = new Mark();
  private @Nullable Integer reducedDeciamps;
  private int weldReadings;
  private int outOfRangeReadings;
  private boolean outOfRange;

  Protection(ControlSettings settings) {
    this.settings = settings;
  }

  /** Notes what is offered from now on. */
  void offered(int deciamps, long nowNanos) {
    Offer last = offers.peekLast();
    if (last == null || last.deciamps != deciamps) {
      offers.addLast(new Offer(deciamps, nowNanos));
    }
  }

  /** Takes a reading with the contactor closed. */
  Finding closed(PhaseValues milliamps, int offeredDeciamps, int maxDeciamps, long nowNanos) {
    weldReadings = 0;
    int highest = milliamps.highest();
    if (highest * 2L > maxDeciamps * 300L) {
      if (hardSince.isSet() && hardSince.ageNanos(nowNanos) >= HARD_APART.toNanos()) {
        return Finding.HARD_OVERCURRENT;
      }
      hardSince.setIfNone(nowNanos);
    } else {
      hardSince.clear();
    }
    if (highest <= thresholdMilliamps(nowNanos)) {
      overSince.clear();
      return Finding.NOTHING;
    }
    if (!overSince.isSet() || overSince.ageNanos(nowNanos) < settings.overcurrentTime().toNanos()) {
      overSince.setIfNone(nowNanos);
      return Finding.NOTHING;
    }
    if (reducedDeciamps != null) {
      return Finding.OVERCURRENT;
    }
    overSince.set(nowNanos);
    int overshootDeciamps = (highest - offeredDeciamps * 100 + 99) / 100;
    reducedDeciamps = Math.max(settings.minDeciamps(), offeredDeciamps - overshootDeciamps);
    return Finding.REDUCE;
  }

  /** Takes a reading with the contactor open since the mark. */
  Finding open(PhaseValues milliamps, Mark openSince, long nowNanos) {
    overSince.clear();
    hardSince.clear();
    boolean flowing =
        openSince.isSet()
            && openSince.ageNanos(nowNanos) >= OPENED_FOR_SURE.toNanos()
            && milliamps.highest() > FLOWING_MILLIAMPS;
    weldReadings = flowing ? weldReadings + 1 : 0;
    return weldReadings >= 2 ? Finding.WELDED : Finding.NOTHING;
  }

  /**
   * Takes the voltages of a reading.
   *
   * @return whether the supply has just come back into its range for good
   */
  boolean supply(PhaseValues millivolts, long nowNanos) {
    boolean good = true;
    for (int phase = 0; phase < PhaseValues.PHASES; phase++) {
      Integer value = millivolts.phase(phase);
      if (value != null) {
        boolean above = value > settings.voltageMinVolts() * 1_000L;
        carried[phase] |= above;
        good &= !carried[phase] || (above && value <= settings.voltageMaxVolts() * 1_000L);
      }
    }
    if (!good) {
      inRangeSince.clear();
      outOfRangeReadings++;
      outOfRange |= outOfRangeReadings >= 2;
      return false;
    }
    outOfRangeReadings = 0;
    inRangeSince.setIfNone(nowNanos);
    if (outOfRange && inRangeSince.ageNanos(nowNanos) >= IN_RANGE.toNanos()) {
      outOfRange = false;
      return true;
    }
    return false;
  }

  /** Whether another reading is wanted soon, since one has shown something. */
  boolean suspects() {
    return overSince.isSet() || hardSince.isSet() || weldReadings == 1 || outOfRangeReadings == 1;
  }

  boolean supplyOutOfRange() {
    return outOfRange;
  }

  /** What a car that drew too much was reduced to, or null. */
  @Nullable Integer reducedDeciamps() {
    return reducedDeciamps;
  }

  /** Another car may come. */
  void unplugged() {
    reducedDeciamps = null;
    overSince.clear();
    hardSince.clear();
  }

  /** The session has ended: what was about to be found must be found anew. */
  void disconnected() {
    overSince.clear();
    hardSince.clear();
    weldReadings = 0;
    outOfRangeReadings = 0;
    inRangeSince.clear();
    offers.clear();
  }

  private long thresholdMilliamps(long nowNanos) {
    long highestDeciamps = 0;
    while (offers.size() > 1 && endedBeforeWindow(nowNanos)) {
      offers.removeFirst();
    }
    for (Offer offer : offers) {
      highestDeciamps = Math.max(highestDeciamps, offer.deciamps);
    }
    return (highestDeciamps + settings.overcurrentDeciamps())
        * (100 + settings.overcurrentPercent());
  }

  /** The first offer ended when the second began. */
  private boolean endedBeforeWindow(long nowNanos) {
    int index = 0;
    for (Offer offer : offers) {
      if (index++ == 1) {
        return nowNanos - offer.sinceNanos > OFFER_WINDOW.toNanos();
      }
    }
    return false;
  }

  private record Offer(int deciamps, long sinceNanos) {}
}
