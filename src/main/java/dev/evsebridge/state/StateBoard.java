package dev.evsebridge.state;

import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.LogThrottle;
import dev.evsebridge.state.ChargerJournal.Batch;
import dev.evsebridge.state.ChargerJournal.Content;
import dev.evsebridge.state.EnergyMeter.Change;
import dev.evsebridge.state.EnergyMeter.Sample;
import dev.evsebridge.state.Remembered.Former;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
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

  /** A charger that nobody commands opens its contactor by itself after that time. */
  private static final long OWN_FAIL_SAFE_NANOS = Duration.ofMinutes(5).toNanos();

  /** A broker that has frozen is noticed sooner: what was cleared so long ago is cleared. */
  private static final long CLEARED_AFTER_NANOS = Duration.ofSeconds(90).toNanos();

  private final Function<SerialNumber, Sensors> sensors;
  private final String root;
  private final int mostKnown;
  private final StatePublisher publisher;
  private final Consumer<String> becameKnown;
  private final JournalSchedule journal;
  private final LogThrottle unannounced = new LogThrottle(1, Duration.ofMinutes(10));
  private final Map<String, KnownCharger> entries = new HashMap<>();
  private final TreeSet<KnownCharger.Due> dues = new TreeSet<>(KnownCharger.Due.SOONEST_FIRST);
  private int known;
  private boolean brokerThere;
  private @Nullable StateWatcher watcher;

  /** When former topics are cleared for sure; null when there are none, or no broker. */
  private @Nullable Long clearedAtNanos;

  /**
   * Creates an empty board.
   *
   * @param sensors the calibration of each charger
   * @param root the topic that everything is published below
   * @param mostKnown how many chargers may leave something retained
   * @param publisher takes what there is to say
   * @param becameKnown takes the client id of each charger that is told of for the first time
   */
  StateBoard(
      Function<SerialNumber, Sensors> sensors,
      String root,
      int mostKnown,
      StatePublisher publisher,
      Consumer<String> becameKnown) {
    this.sensors = sensors;
    this.root = root;
    this.mostKnown = mostKnown;
    this.publisher = publisher;
    this.becameKnown = becameKnown;
    this.journal = new JournalSchedule(root);
  }

  /**
   * Takes over what is remembered of an earlier run. Nothing of it is connected.
   *
   * @param names the client id of each charger now
   * @return the client ids below the same root that nobody has any more
   */
  Set<String> open(Content content, Function<SerialNumber, String> names, long nowNanos) {
    journal.open(content.former(), content.incomplete());
    if (content.root() != null && !content.root().equals(root)) {
      journal.addFormer(new Former(content.root(), ChargerTopics.BRIDGE));
    }
    Set<String> left = new HashSet<>();
    for (Remembered each : content.chargers()) {
      String clientId = names.apply(each.serial());
      Metered metered = each.metered();
      KnownCharger entry =
          new KnownCharger(clientId, each.serial(), sensors.apply(each.serial()), metered);
      entry.stored = metered;
      entry.reported = metered.finished();
      entry.firmwareVersion = each.firmwareVersion();
      entry.readAt = each.readAt();
      entry.chargerStart(each.chargerStart());
      entries.put(clientId, entry);
      boolean moved = !each.clientId().equals(clientId) || !each.root().equals(root);
      if (moved) {
        journal.addFormer(new Former(each.root(), each.clientId()));
        if (each.root().equals(root)) {
          left.add(each.clientId());
        }
      }
      if (moved || metered.lost()) {
        journal.note(entry.remembered(root), true);
      }
      // Of one that was never read, or whose line was damaged, there is nothing to say yet.
      if (each.firmwareVersion() > 0) {
        entry.known = true;
        known++;
        entry.opensAtNanos = nowNanos + OWN_FAIL_SAFE_NANOS;
        plan(entry);
      }
    }
    left.removeIf(clientId -> isKnown(clientId));
    return left;
  }

  /** Whether subscribers may be told of a charger just now. */
  private boolean isTold(String clientId) {
    return brokerThere && isKnown(clientId);
  }

  private boolean isKnown(String clientId) {
    KnownCharger entry = entries.get(clientId);
    return entry != null && entry.known;
  }

  /** The chargers that have a retained state. */
  Set<String> known() {
    return entries.values().stream()
        .filter(entry -> entry.known)
        .map(entry -> entry.clientId)
        .collect(Collectors.toSet());
  }

  void connected(
      Object connection, String clientId, SerialNumber serial, int firmwareVersion, long nowNanos) {
    KnownCharger entry = entry(clientId, serial);
    entry.firmwareVersion = firmwareVersion;
    entry.connection = connection;
    entry.proven = false;
    entry.opensAtNanos = null;
    entry.opened = false;
    entry.forgetConnection();
    consider(entry, nowNanos);
  }

  private KnownCharger entry(String clientId, SerialNumber serial) {
    return entries.computeIfAbsent(
        clientId,
        id ->
            new KnownCharger(
                id,
                serial,
                sensors.apply(serial),
                journal.isIncomplete() ? Metered.LOST : Metered.NOTHING));
  }

  /**
   * Another bridge has had the charger until now: what it has said last goes on here. That has been
   * published already, so it need not be on this disk before it is again.
   */
  void takeOver(String clientId, LastState last) {
    KnownCharger entry = entry(clientId, last.serial());
    entry.meter.takeOver(last.wattHours(), last.session());
    entry.stored = entry.meter.metered();
    entry.reported = entry.stored.finished();
    if (entry.control != null) {
      // The charge controller has them too, but says so only when they are on the disk.
      entry.control = entry.control.withSetPoints(last.enabled(), last.limitDeciamps());
    }
    journal.note(entry.remembered(root), true);
  }

  /**
   * Another bridge has had a charger that is connected to none now, and is gone itself: what it has
   * said last is told here from now on, as of one that is away.
   */
  void keep(String clientId, LastState last, long nowNanos) {
    KnownCharger entry = entry(clientId, last.serial());
    if (entry.connection != null) {
      return;
    }
    takeOver(clientId, last);
    entry.firmwareVersion = last.firmwareVersion();
    entry.readAt = last.time();
    entry.chargerStart(last.chargerStart());
    entry.opensAtNanos = nowNanos + OWN_FAIL_SAFE_NANOS;
    entry.opened = false;
    makeKnown(entry);
    repeat(clientId, nowNanos);
  }

  /** The first valid frame has come. */
  void proven(Object connection, String clientId, long nowNanos) {
    KnownCharger entry = on(connection, clientId);
    if (entry != null) {
      entry.proven = true;
      consider(entry, nowNanos);
    }
  }

  /**
   * A reading has come.
   *
   * @param readAt when, by the wall clock
   * @param readAtNanos the same by the monotonic clock
   */
  void reading(
      Object connection,
      String clientId,
      Reading reading,
      Instant readAt,
      long readAtNanos,
      long nowNanos) {
    KnownCharger entry = on(connection, clientId);
    if (entry == null) {
      return;
    }
    entry.reading = withoutLog(reading);
    entry.readAt = readAt;
    Instant start =
        ChargerStart.of(entry.chargerStart(), readAt, reading.measurements().uptimeMilliseconds());
    boolean restarted = !start.equals(entry.chargerStart());
    entry.chargerStart(start);
    if (mayBeKnown(entry)) {
      Change change = entry.meter.read(sample(entry, reading, readAt, readAtNanos));
      if (restarted || change != Change.NOTHING) {
        journal.note(entry.remembered(root), change == Change.TURN);
      }
    }
    consider(entry, nowNanos);
  }

  /** A charger has written these lines to its log, as its readings tell. */
  void log(String clientId, List<LogLine> lines) {
    boolean told = isTold(clientId);
    for (LogLine line : lines) {
      if (watcher != null) {
        watcher.logged(clientId, line);
      }
      if (told) {
        publisher.log(clientId, line);
      }
    }
  }

  private static Sample sample(
      KnownCharger entry, Reading reading, Instant readAt, long readAtNanos) {
    Measurements raw = reading.measurements();
    return new Sample(
        readAtNanos,
        readAt,
        raw.uptimeMilliseconds(),
        reading.contactorClosed(),
        raw.pilotVoltage(),
        entry.sensors.watts(raw));
  }

  /** The log is long, and no part of the state. */
  private static Reading withoutLog(Reading reading) {
    Measurements all = reading.measurements();
    if (all.log().isEmpty()) {
      return reading;
    }
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

  /** The controller has come to something, which is not told before {@link #considerControlled}. */
  void controlled(
      String clientId, SerialNumber serial, ControlStatus status, Instant now, long nowNanos) {
    KnownCharger entry = entry(clientId, serial);
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
    entry.controlUntold = true;
  }

  /** Tells what the controller has come to, unless that has been told together with a reading. */
  void considerControlled(String clientId, long nowNanos) {
    KnownCharger entry = entries.get(clientId);
    if (entry != null && entry.controlUntold) {
      consider(entry, nowNanos);
    }
  }

  void firmware(Object connection, String clientId, boolean taking, long nowNanos) {
    KnownCharger entry = on(connection, clientId);
    if (entry != null) {
      entry.takesFirmware = taking;
      consider(entry, nowNanos);
    }
  }

  void disconnected(Object connection, String clientId, long nowNanos) {
    KnownCharger entry = on(connection, clientId);
    if (entry == null) {
      return;
    }
    entry.connection = null;
    entry.forgetConnection();
    if (entry.known) {
      journal.note(entry.remembered(root), false);
      entry.opensAtNanos = nowNanos + OWN_FAIL_SAFE_NANOS;
      consider(entry, nowNanos);
    } else if (entry.control == null && !entry.meter.metered().lost()) {
      entries.remove(clientId);
      if (watcher != null) {
        watcher.forgotten(clientId);
      }
    }
  }

  /** Tells of whoever is known, whether it is connected or not. */
  void tellRemembered(RememberedListener listener) {
    entries.values().stream()
        .filter(entry -> entry.known)
        .forEach(
            entry ->
                listener.remembered(
                    entry.serial, entry.clientId, entry.firmwareVersion, entry.readAt));
  }

  /** Tells one more from now on, and at once of whoever is known. */
  void watch(StateWatcher newWatcher) {
    watcher = newWatcher;
    for (KnownCharger entry : entries.values()) {
      if (entry.known) {
        newWatcher.changed(entry.state());
      }
    }
  }

  /** Null for a connection whose place a newer one has taken. */
  private @Nullable KnownCharger on(Object connection, String clientId) {
    KnownCharger entry = entries.get(clientId);
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
   * Forgets a charger that something is known of, and clears its topics but for its availability.
   *
   * @return its serial number; null when it is connected, and was not forgotten
   */
  @Nullable SerialNumber forget(String clientId, Instant now, long nowNanos) {
    KnownCharger entry = Objects.requireNonNull(entries.get(clientId));
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
    Metered metered = entry.meter.metered();
    Metered ended = metered.ended(now, ChargingSession.FORGOTTEN);
    if (brokerThere && metered.running() != null) {
      publisher.session(clientId, SessionReport.of(Objects.requireNonNull(ended.finished())));
    }
    journal.forget(entry.serial);
    Former former = new Former(root, clientId);
    journal.addFormer(former);
    if (brokerThere) {
      clear(former, nowNanos);
    }
    return entry.serial;
  }

  void brokerConnected(long nowNanos) {
    brokerThere = true;
    clearedAtNanos = null;
    for (Former each : journal.former()) {
      clear(each, nowNanos);
    }
    for (KnownCharger entry : entries.values()) {
      if (entry.known) {
        send(entry, entry.state(), nowNanos);
        report(entry);
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

  /** Says the state of a charger once more, for somebody who has just come. */
  void repeat(String clientId, long nowNanos) {
    KnownCharger entry = entries.get(clientId);
    if (entry != null && entry.known && brokerThere) {
      send(entry, entry.state(), nowNanos);
      plan(entry);
    }
  }

  private void clear(Former former, long nowNanos) {
    ChargerTopics.retained(former.root(), former.clientId())
        // Another charger that has the name now is about to say what is right.
        .filter(topic -> !ChargerTopics.isAlwaysThere(topic) || !isInUse(former))
        .forEach(publisher::clear);
    clearedAtNanos = nowNanos + CLEARED_AFTER_NANOS;
  }

  private boolean isInUse(Former former) {
    return former.root().equals(root) && isKnown(former.clientId());
  }

  private void report(KnownCharger entry) {
    ChargingSession last = entry.stored == null ? null : entry.stored.finished();
    if (last != null) {
      publisher.session(entry.clientId, SessionReport.of(last));
    }
    entry.reported = last;
  }

  void brokerLost() {
    brokerThere = false;
    clearedAtNanos = null;
  }

  /** Nobody is connected any more, and whatever waits for the end of its second is said now. */
  void stop(long nowNanos) {
    for (KnownCharger entry : List.copyOf(entries.values())) {
      if (entry.connection != null) {
        disconnected(entry.connection, entry.clientId, nowNanos);
      }
      if (entry.owed && brokerThere) {
        send(entry, entry.state(), nowNanos);
      }
    }
  }

  /** From now on nothing is written to the journal. */
  void rememberNothing() {
    journal.disable();
  }

  /** What is known of everybody now is to be written. */
  void noteAll() {
    entries.values().stream()
        .filter(entry -> entry.known && entry.connection != null)
        .forEach(entry -> journal.note(entry.remembered(root), false));
  }

  /** What is to be written to the journal now; null when that is nothing. */
  @Nullable Batch beginBatch(long nowNanos, boolean all) {
    return journal.begin(nowNanos, all);
  }

  /** It is on the disk, so it may be told. */
  void written(Batch batch, long nowNanos) {
    journal.written(nowNanos);
    for (Remembered each : batch.changed()) {
      KnownCharger entry = entries.get(each.clientId());
      if (entry != null && entry.serial.equals(each.serial())) {
        Consumption before = entry.consumption();
        entry.stored = each.metered();
        if (brokerThere && !Objects.equals(entry.reported, each.metered().finished())) {
          report(entry);
        }
        if (!entry.consumption().equals(before)) {
          tellCounted(entry, nowNanos);
        }
      }
    }
  }

  /** While power may flow more is counted, and the reading that brings it tells this as well. */
  private void tellCounted(KnownCharger entry, long nowNanos) {
    boolean goesOn = entry.connection != null && entry.meter.metered().closedAt() != null;
    if (goesOn && entry.shown != null) {
      entry.countedOn = true;
      plan(entry);
    } else {
      consider(entry, nowNanos);
    }
  }

  /** It could not be written; nothing of it is told. */
  void failed(Batch batch, long nowNanos) {
    journal.failed(batch, nowNanos);
  }

  /**
   * Says what is due.
   *
   * @return when the next is due, or a batch for the journal; null when nothing is
   */
  @Nullable Long sweep(long nowNanos) {
    while (!dues.isEmpty() && dues.first().atNanos() - nowNanos <= 0) {
      KnownCharger entry = Objects.requireNonNull(entries.get(dues.first().clientId()));
      if (entry.opensAtNanos != null && entry.opensAtNanos - nowNanos <= 0) {
        entry.opensAtNanos = null;
        entry.opened = true;
      }
      consider(entry, nowNanos);
    }
    if (clearedAtNanos != null && clearedAtNanos - nowNanos <= 0) {
      clearedAtNanos = null;
      journal.allCleared();
    }
    Long next = soonest(clearedAtNanos, journal.nextNanos(nowNanos));
    return dues.isEmpty() ? next : soonest(next, dues.first().atNanos());
  }

  private static @Nullable Long soonest(@Nullable Long one, @Nullable Long other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one - other < 0 ? one : other;
  }

  private void consider(KnownCharger entry, long nowNanos) {
    entry.owed = false;
    entry.countedOn = false;
    entry.controlUntold = false;
    boolean announced = mayBeKnown(entry) && brokerThere;
    ChargerState state = announced || watcher != null ? entry.state() : null;
    if (watcher != null && state != null) {
      watcher.changed(state);
    }
    if (announced && state != null) {
      ChargerState shown = entry.shown;
      if (shown == null
          || state.isUrgentAfter(shown)
          || (entry.mayBeShown(nowNanos) && !state.equals(shown))) {
        send(entry, state, nowNanos);
      } else {
        entry.owed = !state.equals(shown);
      }
    }
    plan(entry);
  }

  private boolean mayBeKnown(KnownCharger entry) {
    if (entry.reading != null || (entry.proven && entry.control != null)) {
      makeKnown(entry);
    }
    return entry.known;
  }

  private void makeKnown(KnownCharger entry) {
    if (entry.known) {
      return;
    }
    if (known < mostKnown) {
      known++;
      entry.known = true;
      journal.note(entry.remembered(root), true);
      journal.removeFormer(new Former(root, entry.clientId));
      becameKnown.accept(entry.clientId);
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

  private void send(KnownCharger entry, ChargerState state, long nowNanos) {
    entry.shown = state;
    entry.shownAtNanos = nowNanos;
    entry.owed = false;
    entry.countedOn = false;
    publisher.state(entry.clientId, state);
    if (watcher != null) {
      watcher.changed(state);
    }
  }

  private void plan(KnownCharger entry) {
    Long next = entry.nextNanos();
    if (entry.due != null && (next == null || entry.due.atNanos() != next)) {
      dues.remove(entry.due);
      entry.due = null;
    }
    if (next != null && entry.due == null) {
      entry.due = new KnownCharger.Due(next, entry.clientId);
      dues.add(entry.due);
    }
  }
}
