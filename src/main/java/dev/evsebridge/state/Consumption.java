package dev.evsebridge.state;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a state says of energy and session.
 *
 * @param energyKwh the charger's total, in steps of 0.001
 * @param sessionKwh of the running session, or of the last one
 * @param sessionStart ISO 8601 in UTC, whole seconds
 * @param sessionEnd null while the session runs
 * @param chargingSeconds how long it has charged
 */
record Consumption(
    @Nullable Double energyKwh,
    @Nullable Double sessionKwh,
    @Nullable String sessionStart,
    @Nullable String sessionEnd,
    @Nullable Long chargingSeconds) {

  static final Consumption UNKNOWN = new Consumption(null, null, null, null, null);

  private static final double WATT_HOURS_PER_KILOWATT_HOUR = 1_000;
  private static final int SECONDS_PER_MINUTE = 60;

  /** Of what is so little more below a whole number it is that number. */
  private static final double TINY = 1e-6;

  /**
   * What may be said. Sessions are told as they are, and numbers as they are remembered: what a
   * crash would take back was never said.
   *
   * @param live as it has been counted
   * @param stored as it is on the disk; null when nothing is
   */
  static Consumption of(Metered live, @Nullable Metered stored) {
    Double totalWattHours = stored == null ? null : stored.wattHours();
    Double energyKwh = totalWattHours == null ? null : kwh(totalWattHours, 0);
    ChargingSession session = live.session();
    if (session == null) {
      return energyKwh == null ? UNKNOWN : new Consumption(energyKwh, null, null, null, null);
    }
    ChargingSession kept = stored == null ? null : stored.sessionOf(session.start());
    Double sessionKwh = null;
    if (totalWattHours != null && session.startWattHours() != null) {
      sessionKwh = kept == null ? Double.valueOf(0) : sessionKwh(kept, totalWattHours);
    }
    return new Consumption(
        energyKwh,
        sessionKwh,
        seconds(session.start()),
        session.end() == null ? null : seconds(session.end()),
        kept == null ? 0 : TimeUnit.MILLISECONDS.toSeconds(kept.chargingMillis()));
  }

  private static Double sessionKwh(ChargingSession session, double totalWattHours) {
    if (session.startWattHours() == null) {
      return 0.0;
    }
    Double end = session.endWattHours();
    return kwh(end == null ? totalWattHours : end, session.startWattHours());
  }

  /** The difference of two totals as they are published, so that the numbers add up. */
  static double kwh(double wattHours, double lessWattHours) {
    return (whole(wattHours) - whole(lessWattHours)) / WATT_HOURS_PER_KILOWATT_HOUR;
  }

  private static long whole(double wattHours) {
    return (long) Math.floor(wattHours + TINY);
  }

  /** ISO 8601 in UTC, without the formatter that {@link Instant#toString} goes through. */
  static String seconds(Instant time) {
    String text = LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC).toString();
    boolean withSeconds = time.getEpochSecond() % SECONDS_PER_MINUTE != 0;
    return text + (withSeconds ? "Z" : ":00Z");
  }
}
