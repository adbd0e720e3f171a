package dev.evsebridge.control;

import java.util.regex.Pattern;

/**
 * Turns a raw peak of the charger's ADC into a measured value: {@code max(0, (adc - offset) * slope
 * / divider)}, in mA or mV RMS. Each charger and phase needs its own; none is on the wire.
 *
 * @param offset the raw value at 0
 * @param slope above 0
 * @param divider above 0
 */
public record Calibration(double offset, double slope, double divider) {
  private static final String ALLOWED =
      "it must be offset,slope,divider: three numbers, slope and divider above 0";
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,9}(\\.\\d{1,9})?");

  public Calibration {
    if (!Double.isFinite(offset) || !positive(slope) || !positive(divider)) {
      throw new IllegalArgumentException(ALLOWED);
    }
  }

  /**
   * Reads {@code offset,slope,divider}.
   *
   * @throws IllegalArgumentException whose message says what is allowed
   */
  public static Calibration parse(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException(ALLOWED);
    }
    return new Calibration(number(parts[0]), number(parts[1]), number(parts[2]));
  }

  /** The measured value in thousandths (mA, mV), rounded. */
  public int milli(long adc) {
    return (int)
        Math.min(Integer.MAX_VALUE, Math.round(Math.max(0, (adc - offset) * slope / divider)));
  }

  private static double number(String text) {
    String trimmed = text.trim();
    // Double.parseDouble would also take "NaN", "1d" and hexadecimal digits.
    if (!NUMBER.matcher(trimmed).matches()) {
      throw new IllegalArgumentException(ALLOWED);
    }
    return Double.parseDouble(trimmed);
  }

  private static boolean positive(double number) {
    return Double.isFinite(number) && number > 0;
  }
}
