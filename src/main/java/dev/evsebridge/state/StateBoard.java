package dev.evsebridge.state;

import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.LogThrottle;
import dev.evsebridge.state.ChargerFacts.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of all chargers, and when subscribers hear of it: at once when something urgent has
 * changed, else once a second at most, the newest at the end of the second. While the broker is
 * away nothing is said, so that the outbox keeps its room for messages that come only once. A
 * charger is told of from its first reading on; one under the charge controller from its first
 * valid frame on.
 *
 * <p>Used by one thread. Connections are told apart by identity. Times are of the monotonic clock.
 */
final class StateBoard {

  private static final Logger LOG = LoggerFactory.getLogger(StateBoard.class);

  private static final long BETWEEN_NANOS = Duration.ofSeconds(1).toNanos();

  /** A charger that nobody commands opens its contactor by itself after that time. */
  private static final long OWN_FAIL_SAFE_NANOS = Duration.ofMinutes(5).toNanos();

  private final Function<SerialNumber, Sensors> sensors;
  private final int mostKnown;
  private final BiConsumer<String, ChargerState> announcer;
  private final LogThrottle unannounced = new LogThrottle(1, Duration.ofMinutes(10));
  private final Map<String, Entry> entries = new HashMap<>();
  private final TreeSet<Due> dues = new TreeSet<>(Due.SOONEST_FIRST);
  private int known;
  private boolean brokerThere;

  /**
   * Creates an empty board.
   *
   * @param sensors the calibration of each charger
   * @param mostKnown how many chargers may leave something retained
   * @param announcer takes a client id and its state; must not block
   */
  StateBoard(
      Function<SerialNumber, Sensors> sensors,
      int mostKnown,
      BiConsumer<String, ChargerState> announcer) {
    this.sensors = sensors;
    this.mostKnown = mostKnown;
    this.announcer = announcer;
  }

  private record Due(long atNanos, String clientId) {
    static final Comparator<Due> SOONEST_FIRST =
        ((Comparator<Due>) (one, other) -> Long.signum(one.atNanos - other.atNanos))
            .thenComparing(Due::clientId);
  }

  private static final class Entry {
    final String clientId;
    final SerialNumber serial;
    final Sensors sensors;
    int firmwareVersion;

    /** Null while it is not connected. */
    @Nullable Object connection;

    boolean known;
    boolean proven;
    boolean takesFirmware;
    @Nullable Reading reading;
    @Nullable Instant readAt;
    @Nullable Instant chargerStart;
    @Nullable ControlStatus control;
    @Nullable Instant startAt;

    /** When its own fail-safe will have opened the contactor; null before and after. */
    @Nullable Long opensAtNanos;

    boolean opened;
    @Nullable ChargerState shown;
    long shownAtNanos;
    boolean owed;
    @Nullable Due due;

    Entry(String clientId, SerialNumber serial, Sensors sensors) {
      this.clientId = clientId;
      this.serial = serial;
      this.sensors = sensors;
    }

    ChargerState state() {
      return new ChargerFacts(
              clientId,
              serial.hex(),
              firmwareVersion,
              standing(),
              reading,
              readAt,
              chargerStart,
              sensors,
              control,
              startAt)
          .state();
    }

    private Connection standing() {
      if (connection == null) {
        return opened ? Connection.LOST_AND_OPEN : Connection.LOST;
      }
      return takesFirmware ? Connection.FIRMWARE : Connection.OPEN;
    }

    @Nullable Long nextNanos() {
      Long sends = owed ? shownAtNanos + BETWEEN_NANOS : null;
      if (sends == null || opensAtNanos == null) {
        return sends == null ? opensAtNanos : sends;
      }
      return sends - opensAtNanos < 0 ? sends : opensAtNanos;
    }
  }

  void connected(
      Object connection, String clientId, SerialNumber serial, int firmwareVersion, long nowNanos) {
    Entry entry = entry(clientId, serial);
    entry.firmwareVersion = firmwareVersion;
    entry.connection = connection;
    entry.proven = false;
    entry.opensAtNanos = null;
    entry.opened = false;
    forgetConnection(entry);
    consider(entry, nowNanos);
  }

  private Entry entry(String clientId, SerialNumber serial) {
    return entries.computeIfAbsent(clientId, id -> new Entry(id, serial, sensors.apply(serial)));
  }

  private static void forgetConnection(Entry entry) {
    entry.takesFirmware = false;
    entry.reading = null;
  }

  /** The first valid frame has come. */
  void proven(Object connection, String clientId, long nowNanos) {
    Entry entry = on(connection, clientId);
    if (entry != null) {
      entry.proven = true;
      consider(entry, nowNanos);
    }
  }

  void reading(Object connection, String clientId, Reading reading, Instant readAt, long nowNanos) {
    Entry entry = on(connection, clientId);
    if (entry != null) {
      entry.reading = withoutLog(reading);
      entry.readAt = readAt;
      entry.chargerStart =
          ChargerStart.of(entry.chargerStart, readAt, reading.measurements().uptimeMilliseconds());
      consider(entry, nowNanos);
    }
  }

  /** The log is long, and no part of the state. */
  private static Reading withoutLog(Reading reading) {
    Measurements all = reading.measurements();
    return new Reading(
        reading.clientId(),
        reading.pwmPercent(),
        reading.contactorClosed(),
        new Measurements(
            all.pilotVoltage(),
            all.proximityPilotAmps(),
            all.phase1Millivolts(),
            all.phase2Millivolts(),
            all.phase3Millivolts(),
            all.phase1Milliamps(),
            all.phase2Milliamps(),
            all.phase3Milliamps(),
            all.wifiRssiDbm(),
            all.uptimeMilliseconds(),
            all.controlPilotAdc(),
            all.proximityPilotAdc(),
            ""));
  }

  void controlled(
      String clientId, SerialNumber serial, ControlStatus status, Instant now, long nowNanos) {
    Entry entry = entry(clientId, serial);
    OptionalLong starts = status.startAtNanos();
    OptionalLong before =
        entry.control == null ? OptionalLong.empty() : entry.control.startAtNanos();
    if (starts.isEmpty()) {
      entry.startAt = null;
    } else if (entry.startAt == null || !starts.equals(before)) {
      // Only then: converted anew each time it would tremble.
      entry.startAt = now.plusNanos(starts.getAsLong() - nowNanos);
    }
    entry.control = status;
    consider(entry, nowNanos);
  }

  void firmware(Object connection, String clientId, boolean taking, long nowNanos) {
    Entry entry = on(connection, clientId);
    if (entry != null) {
      entry.takesFirmware = taking;
      consider(entry, nowNanos);
    }
  }

  void disconnected(Object connection, String clientId, long nowNanos) {
    Entry entry = on(connection, clientId);
    if (entry == null) {
      return;
    }
    entry.connection = null;
    forgetConnection(entry);
    if (entry.known) {
      entry.opensAtNanos = nowNanos + OWN_FAIL_SAFE_NANOS;
      consider(entry, nowNanos);
    } else if (entry.control == null) {
      entries.remove(clientId);
    }
  }

  /** Null for a connection whose place a newer one has taken. */
  private @Nullable Entry on(Object connection, String clientId) {
    Entry entry = entries.get(clientId);
    return entry != null && entry.connection == connection ? entry : null;
  }

  /** The client id of a charger that something is known of; null for others. */
  @Nullable String clientIdOf(String clientIdOrSerial) {
    if (entries.containsKey(clientIdOrSerial)) {
      return clientIdOrSerial;
    }
    return entries.values().stream()
        .filter(entry -> entry.serial.hex().equals(clientIdOrSerial))
        .map(entry -> entry.clientId)
        .findFirst()
        .orElse(null);
  }

  /**
   * Forgets a charger that something is known of.
   *
   * @return its serial number; null when it is connected, and was not forgotten
   */
  @Nullable SerialNumber forget(String clientId) {
    Entry entry = Objects.requireNonNull(entries.get(clientId));
    if (entry.connection != null) {
      return null;
    }
    entries.remove(clientId);
    if (entry.due != null) {
      dues.remove(entry.due);
    }
    if (entry.known) {
      known--;
    }
    return entry.serial;
  }

  void brokerConnected(long nowNanos) {
    brokerThere = true;
    for (Entry entry : entries.values()) {
      if (entry.known) {
        send(entry, entry.state(), nowNanos);
        plan(entry);
      }
    }
  }

  /** Says everything again. */
  void republish(long nowNanos) {
    if (brokerThere) {
      brokerConnected(nowNanos);
    }
  }

  void brokerLost() {
    brokerThere = false;
  }

  /** Nobody is connected any more. */
  void stop(long nowNanos) {
    for (Entry entry : List.copyOf(entries.values())) {
      if (entry.connection != null) {
        disconnected(entry.connection, entry.clientId, nowNanos);
      }
    }
  }

  /**
   * Says what is due.
   *
   * @return when the next is due, or null
   */
  @Nullable Long sweep(long nowNanos) {
    while (!dues.isEmpty() && dues.first().atNanos() - nowNanos <= 0) {
      Entry entry = Objects.requireNonNull(entries.get(dues.first().clientId()));
      if (entry.opensAtNanos != null && entry.opensAtNanos - nowNanos <= 0) {
        entry.opensAtNanos = null;
        entry.opened = true;
      }
      consider(entry, nowNanos);
    }
    return dues.isEmpty() ? null : dues.first().atNanos();
  }

  private void consider(Entry entry, long nowNanos) {
    entry.owed = false;
    if (mayBeKnown(entry) && brokerThere) {
      ChargerState state = entry.state();
      ChargerState shown = entry.shown;
      if (shown == null
          || !state.urgent().equals(shown.urgent())
          || (nowNanos - entry.shownAtNanos >= BETWEEN_NANOS && !state.equals(shown))) {
        send(entry, state, nowNanos);
      } else {
        entry.owed = !state.equals(shown);
      }
    }
    plan(entry);
  }

  private boolean mayBeKnown(Entry entry) {
    if (!entry.known && (entry.reading != null || (entry.proven && entry.control != null))) {
      if (known < mostKnown) {
        known++;
        entry.known = true;
      } else {
        unannounced.log(
            suffix ->
                LOG.warn(
                    "The state of charger {} is not published: {} serial numbers were seen already."
                        + " If they are not yours, set evse.allowed_serials{}",
                    entry.clientId,
                    mostKnown,
                    suffix));
      }
    }
    return entry.known;
  }

  private void send(Entry entry, ChargerState state, long nowNanos) {
    entry.shown = state;
    entry.shownAtNanos = nowNanos;
    entry.owed = false;
    announcer.accept(entry.clientId, state);
  }

  private void plan(Entry entry) {
    Long next = entry.nextNanos();
    if (entry.due != null && (next == null || entry.due.atNanos() != next)) {
      dues.remove(entry.due);
      entry.due = null;
    }
    if (next != null && entry.due == null) {
      entry.due = new Due(next, entry.clientId);
      dues.add(entry.due);
    }
  }
}
