package dev.evsebridge.control;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.RequestGuard;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SerialNumber;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All chargers that are commanded with raw requests, where the interlock or polling is set for
 * them: has each followed over its sessions, refuses what its {@link Interlock} does not allow, and
 * stops all of them when nobody can command any more.
 */
public final class Supervision implements SessionListener, RequestGuard {

  private static final Logger LOG = LoggerFactory.getLogger(Supervision.class);

  /** On top of the stop timeout, as long as a graceful stop may take in any case. */
  private static final Duration STOP_MARGIN = Duration.ofMillis(2_500);

  private static final Duration LOOK = Duration.ofMillis(20);

  /** Why nobody can command. */
  public enum Reason {
    /** Longer than the grace. */
    BROKER_AWAY("the broker is away"),
    /** Whoever controls the chargers has died, or was never there. */
    CONTROL_GONE("whoever controls the chargers is not alive"),
    /** For good. */
    BRIDGE_STOPPING("the bridge is stopping");

    private final String sentence;

    Reason(String sentence) {
      this.sentence = sentence;
    }
  }

  private final Function<SerialNumber, @Nullable InterlockRules> rules;
  private final Duration poll;
  private final BiConsumer<String, InterlockAction> announcer;
  private final OpeningJournal journal;
  private final Map<SerialNumber, Duration> openingAges;
  private final long startedNanos;
  private final Clock clock;
  private final LongSupplier clockNanos;
  private final Map<SerialNumber, SupervisedCharger> chargers = new ConcurrentHashMap<>();
  private final Set<Reason> reasons = EnumSet.noneOf(Reason.class);
  private final Duration longestStop;
  private boolean polling;

  /**
   * Creates the supervision; nobody is connected yet.
   *
   * @param rules of a charger that is commanded with raw requests; null for others
   * @param poll how often readings are taken while {@link #poll} says so; zero for never
   * @param longestStopTimeout the longest of the rules' stop timeouts
   * @param announcer takes a client id and what the bridge has done by itself; must not block
   * @param journal the openings that a restart must not forget; is read here
   */
  public Supervision(
      Function<SerialNumber, @Nullable InterlockRules> rules,
      Duration poll,
      Duration longestStopTimeout,
      BiConsumer<String, InterlockAction> announcer,
      OpeningJournal journal) {
    this(rules, poll, longestStopTimeout, announcer, journal, Clock.systemUTC(), System::nanoTime);
  }

  Supervision(
      Function<SerialNumber, @Nullable InterlockRules> rules,
      Duration poll,
      Duration longestStopTimeout,
      BiConsumer<String, InterlockAction> announcer,
      OpeningJournal journal,
      Clock clock,
      LongSupplier clockNanos) {
    this.rules = rules;
    this.poll = poll;
    this.longestStop = longestStopTimeout.plus(STOP_MARGIN);
    this.announcer = announcer;
    this.journal = journal;
    this.clock = clock;
    this.clockNanos = clockNanos;
    this.openingAges = journal.read();
    this.startedNanos = clockNanos.getAsLong();
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    InterlockRules own = rules.apply(session.serialNumber());
    if (own == null) {
      return;
    }
    synchronized (this) {
      SupervisedCharger charger =
          chargers.computeIfAbsent(
              session.serialNumber(), serial -> create(serial, session.clientId(), own));
      session.shareCollects();
      session.keepHearing();
      session.observe(charger);
      charger.poll(polling);
      for (Reason reason : reasons) {
        charger.stop(reason.sentence);
      }
    }
  }

  private SupervisedCharger create(SerialNumber serial, String clientId, InterlockRules own) {
    Duration age = openingAges.get(serial);
    return new SupervisedCharger(
        clientId,
        own,
        poll,
        age == null ? null : age.plusNanos(clockNanos.getAsLong() - startedNanos),
        own.enforced() ? () -> journal.opened(serial) : () -> {},
        this::report,
        clockNanos);
  }

  private void report(String clientId, InterlockAction.Kind action, @Nullable PilotVoltage pilot) {
    announcer.accept(clientId, InterlockAction.of(action, pilot, clock.instant()));
  }

  @Override
  public void disconnected(ChargerSession session) {
    chargers.computeIfPresent(
        session.serialNumber(), (serial, charger) -> charger.isForgettable() ? null : charger);
  }

  // ---- requests ---------------------------------------------------------------------------------

  @Override
  public boolean needsReading(ChargerSession session, ChargerRequest request) {
    SupervisedCharger charger = chargers.get(session.serialNumber());
    return charger != null && charger.needsReading(request);
  }

  @Override
  public @Nullable RequestFailedException refusal(ChargerSession session, ChargerRequest request) {
    SupervisedCharger charger = chargers.get(session.serialNumber());
    return charger == null ? null : failure(charger.refusal(request));
  }

  @Override
  public @Nullable RequestFailedException lastWord(ChargerSession session, ChargerRequest request) {
    SupervisedCharger charger = chargers.get(session.serialNumber());
    return charger == null ? null : failure(charger.lastWord(request));
  }

  @Override
  public RequestFailedException withoutReading(
      ChargerSession session, ChargerRequest request, RequestFailedException failure) {
    SupervisedCharger charger = chargers.get(session.serialNumber());
    if (charger == null || failure.code() == ErrorCode.DISCONNECTED) {
      return failure;
    }
    RequestFailedException refusal = failure(charger.refusal(request));
    return refusal == null ? failure : refusal;
  }

  private static @Nullable RequestFailedException failure(@Nullable String refusal) {
    return refusal == null ? null : new RequestFailedException(ErrorCode.INTERLOCK, refusal);
  }

  // ---- when nobody can command ------------------------------------------------------------------

  /**
   * Ends all charges gracefully, and keeps the contactors open until {@link #resume}. Chargers that
   * connect meanwhile are stopped as well.
   */
  public synchronized void stop(Reason reason) {
    if (reasons.add(reason)) {
      chargers.values().forEach(charger -> charger.stop(reason.sentence));
    }
  }

  /** A reason has gone; when it was the last one, chargers can be commanded again. */
  public synchronized void resume(Reason reason) {
    if (reasons.remove(reason) && reasons.isEmpty()) {
      chargers.values().forEach(SupervisedCharger::resume);
    }
  }

  /** Whether no connected charger has a contactor that may be closed. */
  boolean isStopped() {
    return chargers.values().stream().allMatch(SupervisedCharger::isStopped);
  }

  /** As long as a graceful stop may take, with all that may be lost on the way. */
  Duration longestStop() {
    return longestStop;
  }

  /** Takes readings of all chargers from now on, or no longer. */
  public synchronized void poll(boolean on) {
    polling = on;
    chargers.values().forEach(charger -> charger.poll(on));
  }

  /** Waits until a stop has nothing left to do, or has taken as long as it may. */
  public void awaitStopped() {
    long endNanos = System.nanoTime() + longestStop.toNanos();
    while (!isStopped()) {
      if (System.nanoTime() - endNanos >= 0) {
        LOG.warn("Not every contactor is known to be open");
        break;
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
    chargers.values().forEach(SupervisedCharger::end);
    journal.close();
  }
}
