package dev.evsebridge.state;

import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerFacts.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What {@link StateBoard} knows of one charger, and has said of it. */
final class KnownCharger {

  private static final long BETWEEN_NANOS = Duration.ofSeconds(1).toNanos();

  /** Readings of a charger with a closed contactor come more often than that. */
  private static final long WITHIN_NANOS = Duration.ofSeconds(10).toNanos();

  final String clientId;
  final SerialNumber serial;
  final Sensors sensors;
  final EnergyMeter meter;

  /** What the disk holds of its meter; null when it holds nothing. */
  @Nullable Metered stored;

  int firmwareVersion;

  /** Null while it is not connected. */
  @Nullable Object connection;

  /** Something of it stands retained at the broker, or may. */
  boolean known;

  boolean proven;
  boolean takesFirmware;
  @Nullable Reading reading;
  @Nullable Instant readAt;
  private @Nullable Instant chargerStart;
  private @Nullable String chargerStartText;
  @Nullable ControlStatus control;
  boolean controlUntold;
  @Nullable Instant startAt;

  /** When its own fail-safe will have opened the contactor; null before and after. */
  @Nullable Long opensAtNanos;

  boolean opened;
  @Nullable ChargerState shown;
  long shownAtNanos;

  /** Something new is to be said at the end of the second. */
  boolean owed;

  /** Energy has been counted on, which the next reading tells; if none comes, it is told alone. */
  boolean countedOn;

  /** The session that subscribers were told of as the last one. */
  @Nullable ChargingSession reported;

  @Nullable Due due;

  private @Nullable Metered consumedOf;
  private @Nullable Metered consumedStored;
  private Consumption consumption = Consumption.UNKNOWN;

  /** When there is something to do for a charger, by the monotonic clock. */
  record Due(long atNanos, String clientId) {
    static final Comparator<Due> SOONEST_FIRST =
        ((Comparator<Due>) (one, other) -> Long.signum(one.atNanos - other.atNanos))
            .thenComparing(Due::clientId);
  }

  KnownCharger(String clientId, SerialNumber serial, Sensors sensors, Metered remembered) {
    this.clientId = clientId;
    this.serial = serial;
    this.sensors = sensors;
    this.meter = new EnergyMeter(remembered);
  }

  @Nullable Instant chargerStart() {
    return chargerStart;
  }

  /** It hardly ever changes, and its text is part of each state. */
  void chargerStart(@Nullable Instant start) {
    if (!Objects.equals(start, chargerStart)) {
      chargerStart = start;
      chargerStartText = start == null ? null : Consumption.seconds(start);
    }
  }

  ChargerState state() {
    return new ChargerFacts(
            clientId,
            serial.hex(),
            firmwareVersion,
            standing(),
            reading,
            readAt,
            chargerStartText,
            sensors,
            control,
            startAt,
            consumption())
        .state();
  }

  private Connection standing() {
    if (connection == null) {
      return opened ? Connection.LOST_AND_OPEN : Connection.LOST;
    }
    return takesFirmware ? Connection.FIRMWARE : Connection.OPEN;
  }

  /** What its state says of energy and session. */
  @SuppressWarnings("ReferenceEquality") // values that do not change; comparing them costs more
  Consumption consumption() {
    Metered live = meter.metered();
    if (live != consumedOf || stored != consumedStored) {
      Consumption now = Consumption.of(live, stored);
      // What stays is kept: a new one each time would be garbage that is expensive to collect.
      consumption = now.equals(consumption) ? consumption : now;
      consumedOf = live;
      consumedStored = stored;
    }
    return consumption;
  }

  /** What is to be remembered of it. */
  Remembered remembered(String root) {
    return new Remembered(
        serial, root, clientId, firmwareVersion, readAt, chargerStart, meter.metered());
  }

  void forgetConnection() {
    takesFirmware = false;
    reading = null;
  }

  @Nullable Long nextNanos() {
    Long sends = null;
    if (owed) {
      sends = shownAtNanos + BETWEEN_NANOS;
    } else if (countedOn) {
      sends = shownAtNanos + WITHIN_NANOS;
    }
    if (sends == null || opensAtNanos == null) {
      return sends == null ? opensAtNanos : sends;
    }
    return sends - opensAtNanos < 0 ? sends : opensAtNanos;
  }

  /** Whether a second has passed since something was said of it. */
  boolean mayBeShown(long nowNanos) {
    return nowNanos - shownAtNanos >= BETWEEN_NANOS;
  }
}
