package dev.evsebridge.control;

import org.jspecify.annotations.Nullable;

/** Measured values per phase, in mA or mV RMS; null where the phase is not calibrated. */
public record PhaseValues(@Nullable Integer l1, @Nullable Integer l2, @Nullable Integer l3) {

  static final int PHASES = 3;

  /** Nothing is calibrated. */
  public static final PhaseValues NONE = new PhaseValues(null, null, null);

  /** The highest known value; 0 when none is known. */
  int highest() {
    int highest = 0;
    for (int phase = 0; phase < PHASES; phase++) {
      Integer value = phase(phase);
      highest = value == null ? highest : Math.max(highest, value);
    }
    return highest;
  }

  /** Whether all phases are known and below the bound. */
  boolean allBelow(int bound) {
    return l1 != null && l2 != null && l3 != null && highest() < bound;
  }

  @Nullable Integer phase(int index) {
    return switch (index) {
      case 0 -> l1;
      case 1 -> l2;
      default -> l3;
    };
  }
}
