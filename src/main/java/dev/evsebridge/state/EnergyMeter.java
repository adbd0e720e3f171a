package dev.evsebridge.state;

import dev.evsebridge.message.PilotVoltage;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Counts the energy of one charger, and the sessions of its vehicles, from reading to reading.
 *
 * <p>Between two readings with the contactor closed at both, the power is taken as a straight line
 * (trapezoid), over the time of the monotonic clock. A longer gap, or one in which the charger has
 * restarted, adds nothing, and is counted. A session begins with the first reading that shows a
 * vehicle, and ends with the first that shows none; a fault of the pilot says neither.
 */
final class EnergyMeter {

  /** More between two readings is a gap. */
  static final Duration LONGEST = Duration.ofSeconds(15);

  private static final double NANOWATT_SECONDS_PER_WATT_HOUR = 3_600.0 * 1_000_000_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private Metered metered;
  private @Nullable Sample before;

  /** Creates a meter that goes on from what is remembered. */
  EnergyMeter(Metered remembered) {
    this.metered = remembered;
  }

  /**
   * What a reading says of energy.
   *
   * @param atNanos when it came, by the monotonic clock
   * @param at the same by the wall clock
   * @param uptimeMillis of the charger
   * @param contactorClosed whether power may flow
   * @param pilot tells whether a vehicle is there, and asks for power
   * @param watts null when the charger is not calibrated
   */
  record Sample(
      long atNanos,
      Instant at,
      long uptimeMillis,
      boolean contactorClosed,
      PilotVoltage pilot,
      @Nullable Double watts) {

    boolean charging() {
      return contactorClosed && (pilot == PilotVoltage.VOLT_6 || pilot == PilotVoltage.VOLT_3);
    }

    boolean showsVehicle() {
      return pilot != PilotVoltage.VOLT_12 && pilot != PilotVoltage.FAULT;
    }
  }

  /** What a reading has changed of what is to be remembered. */
  enum Change {
    NOTHING,
    /** It has counted on. */
    COUNTED,
    /** Something that must not be forgotten: a session, an opened contactor, the first total. */
    TURN
  }

  /** What has been counted so far. */
  Metered metered() {
    return metered;
  }

  /** Goes on from what another bridge has counted; never from less than was counted here. */
  void takeOver(@Nullable Double wattHours, @Nullable ChargingSession session) {
    Double own = metered.wattHours();
    Double total = own == null || (wattHours != null && wattHours > own) ? wattHours : own;
    boolean runs = session != null && session.end() == null;
    before = null;
    metered =
        new Metered(
            total,
            metered.lost() && total == null,
            null,
            runs ? session : null,
            runs || session == null ? metered.finished() : session);
  }

  /** Takes the next reading. */
  Change read(Sample now) {
    Metered was = metered;
    Double total = was.wattHours();
    if (total == null && now.watts() != null && !was.lost()) {
      total = 0.0;
    }
    final boolean firstTotal = !Objects.equals(total, was.wattHours());
    ChargingSession running = was.running();
    Double startTotal = running == null ? null : running.startWattHours();
    if (startTotal == null) {
      startTotal = total;
    }
    long chargingMillis = 0;
    long gapMillis = 0;
    Sample last = before;
    if (now.contactorClosed() && last != null && last.contactorClosed()) {
      long nanos = now.atNanos() - last.atNanos();
      Double wattHours = isGap(last, now) ? null : wattHours(last, now);
      if (total != null && wattHours != null) {
        total += wattHours;
      } else {
        gapMillis = nanos / NANOS_PER_MILLI;
      }
      if (!isGap(last, now) && last.charging() && now.charging()) {
        chargingMillis = Math.round((double) nanos / NANOS_PER_MILLI);
      }
    } else if (now.contactorClosed() && last == null && was.closedAt() != null) {
      // The bridge was not there to read.
      gapMillis = Math.max(0, Duration.between(was.closedAt(), now.at()).toMillis());
    }
    if (running != null) {
      running = running.with(startTotal, chargingMillis, gapMillis);
    }
    before = now;
    Instant closedAt = now.contactorClosed() ? now.at() : null;
    Metered counted = new Metered(total, was.lost(), closedAt, running, was.finished());
    if (running != null && now.pilot() == PilotVoltage.VOLT_12) {
      counted = counted.ended(now.at(), ChargingSession.UNPLUGGED);
    } else if (running == null && now.showsVehicle()) {
      ChargingSession begun = ChargingSession.begin(now.at(), total);
      counted = new Metered(total, was.lost(), closedAt, begun, was.finished());
    }
    if (counted.equals(was)) {
      return Change.NOTHING;
    }
    metered = counted;
    if (firstTotal
        || (was.running() == null) != (counted.running() == null)
        || (was.closedAt() != null && closedAt == null)) {
      return Change.TURN;
    }
    return Change.COUNTED;
  }

  private static boolean isGap(Sample last, Sample now) {
    return now.atNanos() - last.atNanos() > LONGEST.toNanos() || hasRestarted(last, now);
  }

  /** A restart has opened the contactor. */
  private static boolean hasRestarted(Sample last, Sample now) {
    // After 49.7 days the uptime begins anew, at about the time that has passed meanwhile.
    long runUp = now.uptimeMillis() - last.uptimeMillis();
    return runUp < 0 && (runUp & 0xFFFF_FFFFL) > 2 * LONGEST.toMillis();
  }

  private static @Nullable Double wattHours(Sample last, Sample now) {
    return last.watts() == null || now.watts() == null
        ? null
        : (last.watts() + now.watts())
            / 2
            * (now.atNanos() - last.atNanos())
            / NANOWATT_SECONDS_PER_WATT_HOUR;
  }
}
