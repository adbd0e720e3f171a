package dev.evsebridge.control;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Works a setting {@code sensors.*} out of two measurements: a raw number from a reading each, and
 * what a meter showed for the same phase at the same time.
 */
public final class CalibrationPoints {
  private static final Pattern FORM =
      Pattern.compile(
          "((?:id_[0-9A-Fa-f]{32}\\.)?(current|voltage)_l[123])=([^:,]+):([^:,]+),([^:,]+):([^:,]+)");
  private static final Pattern RAW = Pattern.compile("\\d{1,4}");
  private static final Pattern METER = Pattern.compile("\\d{1,5}(\\.\\d{1,3})?");

  /** The highest number of the charger's ADC: what shows it may have been more. */
  private static final int END_OF_SCALE = 4095;

  /** Some 2 A: peaks vary by a few steps from one reading to the next. */
  private static final int LEAST_STEPS = 50;

  private static final int MOST_AMPS = 100;
  private static final int MOST_VOLTS = 500;

  private CalibrationPoints() {}

  /**
   * Finds the line through two points.
   *
   * @param text such as {@code current_l1=2041:0.2,2437:15.8}: raw numbers, and amperes or volts
   * @return the setting, such as {@code sensors.current_l1 = 2035.92,15600,396}
   * @throws IllegalArgumentException whose message says what is wrong
   */
  public static String setting(String text) {
    Matcher form = FORM.matcher(text.replace(" ", ""));
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "it must be KEY=RAW:METER,RAW:METER, for instance current_l1=2041:0.2,2437:15.8 (KEY: current_l1 to voltage_l3, or the same behind id_SERIAL.; METER in A or V)");
    }
    boolean isCurrent = form.group(2).equals("current");
    int firstRaw = raw(form.group(3));
    int secondRaw = raw(form.group(5));
    long firstMilli = milli(form.group(4), isCurrent);
    long secondMilli = milli(form.group(6), isCurrent);
    long divider = (long) secondRaw - firstRaw;
    long slope = secondMilli - firstMilli;
    if (Math.abs(divider) < LEAST_STEPS) {
      throw new IllegalArgumentException(
          "the raw numbers %d and %d are too close together: measure at two loads that are at least %d steps apart"
              .formatted(firstRaw, secondRaw, LEAST_STEPS));
    }
    if (Long.signum(divider) != Long.signum(slope)) {
      throw new IllegalArgumentException(
          "the meter must show more at the higher raw number, not %s at %d and %s at %d"
              .formatted(form.group(4), firstRaw, form.group(6), secondRaw));
    }
    BigDecimal offset =
        BigDecimal.valueOf(firstRaw)
            .subtract(
                BigDecimal.valueOf(firstMilli * divider)
                    .divide(BigDecimal.valueOf(slope), 2, RoundingMode.HALF_UP))
            .stripTrailingZeros();
    return "sensors.%s = %s,%d,%d"
        .formatted(form.group(1), offset.toPlainString(), Math.abs(slope), Math.abs(divider));
  }

  private static int raw(String text) {
    int raw = RAW.matcher(text).matches() ? Integer.parseInt(text) : END_OF_SCALE + 1;
    if (raw >= END_OF_SCALE) {
      throw new IllegalArgumentException(
          "%s is no raw number of a reading: it must be a whole number below %d, where the scale ends"
              .formatted(text, END_OF_SCALE));
    }
    return raw;
  }

  private static long milli(String text, boolean isCurrent) {
    BigDecimal most = BigDecimal.valueOf(isCurrent ? MOST_AMPS : MOST_VOLTS);
    if (!METER.matcher(text).matches() || new BigDecimal(text).compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "%s is not what a meter shows in %s: it must be 0 to %s with at most three decimals"
              .formatted(text, isCurrent ? "A" : "V", most));
    }
    return new BigDecimal(text).movePointRight(3).longValueExact();
  }
}
