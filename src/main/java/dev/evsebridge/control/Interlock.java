package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The interlock of one charger that is commanded with raw requests. Without thread and clock: what
 * the charger says comes in with a monotonic time, commands come out.
 *
 * <ul>
 *   <li>It refuses to close unless the last reading is no older than {@link #FRESH}, nothing was
 *       notified after it, it shows that a car asks for power, {@link #MIN_OFF} have passed since
 *       the last opening, and no more is offered than the cable carries.
 *   <li>It refuses a duty cycle above the cable, and one of 0 to 9 % while the contactor is closed.
 *   <li>After a notification while the contactor is closed it takes a reading. When one shows A, B
 *       or a fault, or none comes within {@link #READING_PATIENCE}, it opens, and sets 100 %.
 *   <li>When a reading under load shows that more is offered than the cable carries, it lowers the
 *       duty cycle to that; where no cable is recognised any more, it stops gracefully.
 *   <li>Told to stop, it sets 100 %, and opens when the car has left C, or after the stop timeout.
 * </ul>
 */
final class Interlock {

  /** A reading that is older says nothing about closing. */
  static final Duration FRESH = Duration.ofSeconds(6);

  /** The shortest time between opening and closing. */
  static final Duration MIN_OFF = Duration.ofSeconds(10);

  /** A notification that no reading has followed by then is taken for the worst. */
  static final Duration READING_PATIENCE = Duration.ofSeconds(3);

  /** A command that is not acknowledged by then is sent again. */
  static final Duration ACK_TIMEOUT = Duration.ofSeconds(2);

  /** How often a reading is taken during a stop; also keeps the charger connected. */
  static final Duration STOP_POLL = Duration.ofSeconds(2);

  /** So much later than its command the acknowledgement of 100 % still starts the stop timeout. */
  private static final Duration ACK_GRACE = Duration.ofSeconds(1);

  /** Why the bridge has opened a contactor by itself. */
  enum Action {
    /** The vehicle no longer asks for power. */
    OPENED,
    /** The charger has notified a change, and no reading told which. */
    OPENED_WITHOUT_READING,
    /** A graceful stop: nobody can command any more, or no cable is recognised. */
    STOPPED
  }

  /**
   * What follows from an event.
   *
   * @param commands to be carried out in this order, before all others
   * @param done an opening that the charger has acknowledged just now
   * @param deadlineNanos when to look again if nothing happens before
   */
  record Step(List<Command> commands, @Nullable Action done, OptionalLong deadlineNanos) {
    Step {
      commands = List.copyOf(commands);
    }
  }

  private enum Stop {
    IDLE,
    ASKING,
    DRAINING
  }

  private static final Command OPEN = new Command.SetContactor(false);
  private static final Command NO_OFFER = new Command.SetPwm(DutyCycle.NO_OFFER, true);
  private static final Command COLLECT = new Command.Collect();

  private final InterlockRules rules;
  private final PlugFacts facts = new PlugFacts();
  private final Mark awaitingReading = new Mark();
  private final Mark openSentAt = new Mark();
  private final Mark noOfferSentAt = new Mark();
  private final Mark stopSince = new Mark();
  private final Mark collectedAt = new Mark();
  private List<Command> commands = new ArrayList<>();
  private boolean connected;
  private @Nullable Action opening;
  private @Nullable Action done;
  private @Nullable String stopReason;
  private Stop stop = Stop.IDLE;
  private boolean drainAcked;

  /** The car draws, and no cable is recognised that carries anything. */
  private boolean cableGone;

  Interlock(InterlockRules rules) {
    this.rules = rules;
  }

  // ---- what happens -----------------------------------------------------------------------------

  /** The charger has connected, perhaps in place of an earlier connection. */
  Step connected(long nowNanos) {
    forget();
    connected = true;
    facts.connected();
    if (rules.enforced() && facts.mayHaveBeenClosed()) {
      // What has changed in between was not notified.
      collect(nowNanos);
    }
    return settle(nowNanos);
  }

  /** The connection has ended. */
  Step disconnected(long nowNanos) {
    forget();
    connected = false;
    return settle(nowNanos);
  }

  private void forget() {
    awaitingReading.clear();
    openSentAt.clear();
    noOfferSentAt.clear();
    opening = null;
    stop = Stop.IDLE;
    cableGone = false;
  }

  /** A reading, whoever asked for it. */
  Step reading(
      boolean closed, int pwmPercent, PilotVoltage pilot, ProximityPilot cable, long nowNanos) {
    awaitingReading.clear();
    if (opening != null && closed) {
      // Taken before the command to open was carried out.
      facts.reading(true, pwmPercent, pilot, cable, nowNanos);
      return settle(nowNanos);
    }
    facts.reading(closed, pwmPercent, pilot, cable, nowNanos);
    if (!closed && opening != null) {
      opened();
    } else if (closed && acts() && facts.showsNoRequest()) {
      open(stop == Stop.IDLE ? Action.OPENED : Action.STOPPED, nowNanos);
    } else if (closed && rules.enforced() && stop == Stop.IDLE) {
      respectCable(pwmPercent);
    }
    return settle(nowNanos);
  }

  /** Each reading that shows it again has it sent again: nothing that gets lost is waited for. */
  private void respectCable(int pwmPercent) {
    int rated = ratedDeciamps(0);
    if (DutyCycle.deciampsOffered(pwmPercent) <= rated) {
      return;
    }
    int lower = DutyCycle.percentFor(rated);
    if (DutyCycle.offers(lower)) {
      commands.add(new Command.SetPwm(lower, true));
    } else {
      cableGone = true;
    }
  }

  /** The charger says that pilot or cable have changed. */
  Step notified(long nowNanos) {
    facts.notified();
    if (acts() && facts.mayBeClosed() && opening == null) {
      awaitingReading.setIfNone(nowNanos);
      collect(nowNanos);
    }
    return settle(nowNanos);
  }

  /** A command to close is written now: it was let pass by {@link #refusalToClose}. */
  void closing() {
    facts.closing();
  }

  /** The charger has carried out a command to its contactor, whoever it came from. */
  Step switched(boolean closed, long nowNanos) {
    facts.switched(closed, nowNanos);
    if (!closed && opening != null) {
      opened();
    }
    return settle(nowNanos);
  }

  /** The charger has carried out a command to the control pilot, whoever it came from. */
  Step offered(int pwmPercent, long nowNanos) {
    facts.offered(pwmPercent);
    if (pwmPercent == DutyCycle.NO_OFFER) {
      noOfferSentAt.clear();
    }
    if (stop == Stop.DRAINING && pwmPercent == DutyCycle.NO_OFFER && !drainAcked) {
      drainAcked = true;
      if (stopSince.ageNanos(nowNanos) <= ACK_GRACE.toNanos()) {
        stopSince.set(nowNanos);
      }
    }
    return settle(nowNanos);
  }

  /**
   * A command to the contactor has failed, whoever it came from.
   *
   * @param perhapsDone whether it may have been carried out all the same
   */
  Step switchFailed(boolean toClosed, boolean perhapsDone, long nowNanos) {
    facts.switchFailed(toClosed, perhapsDone, nowNanos);
    if (toClosed && perhapsDone && acts() && opening == null) {
      awaitingReading.setIfNone(nowNanos);
      collect(nowNanos);
    }
    return settle(nowNanos);
  }

  /** Time has passed. */
  Step tick(long nowNanos) {
    return settle(nowNanos);
  }

  /**
   * Nobody can command any more: ends the charge gracefully, and refuses to close until {@link
   * #resume}.
   *
   * @param reason why, as a part of a sentence
   */
  Step stop(String reason, long nowNanos) {
    stopReason = reason;
    return settle(nowNanos);
  }

  /** Somebody can command again. A stop that has begun is finished first. */
  Step resume(long nowNanos) {
    stopReason = null;
    return settle(nowNanos);
  }

  /** Whether a stop has nothing left to do: the contactor is open, or the charger is away. */
  boolean isStopped() {
    return !connected || (opening == null && !facts.mayBeClosed());
  }

  /** Takes up an opening that an earlier run of the bridge has seen. */
  void restoreOpening(Duration age, long nowNanos) {
    facts.restoreOpening(age, nowNanos);
  }

  /** When the contactor was opened last, as far as that is known. */
  Mark openedAt() {
    return facts.openedAt();
  }

  /** Whether anything is known that holds on the next connection. */
  boolean remembers() {
    return facts.isEverKnown();
  }

  /** The state of the control pilot in the last reading of this connection. */
  @Nullable PilotVoltage pilot() {
    return facts.pilot();
  }

  // ---- what it does by itself -------------------------------------------------------------------

  private boolean acts() {
    return rules.enforced() || stopReason != null || stop != Stop.IDLE;
  }

  private Step settle(long nowNanos) {
    Moment moment = new Moment(nowNanos);
    if (connected) {
      if (moment.over(awaitingReading, READING_PATIENCE)) {
        awaitingReading.clear();
        if (facts.mayBeClosed() && opening == null) {
          open(stop == Stop.IDLE ? Action.OPENED_WITHOUT_READING : Action.STOPPED, nowNanos);
        }
      }
      repeatWhatWasLost(moment);
      continueStop(moment);
    }
    Step step = new Step(commands, done, moment.deadlineNanos());
    commands = new ArrayList<>();
    done = null;
    return step;
  }

  private void repeatWhatWasLost(Moment moment) {
    if (moment.over(openSentAt, ACK_TIMEOUT)) {
      commands.add(OPEN);
      openSentAt.set(moment.nowNanos());
      boolean unused = moment.over(openSentAt, ACK_TIMEOUT);
    }
    if (moment.over(noOfferSentAt, ACK_TIMEOUT)) {
      commands.add(NO_OFFER);
      noOfferSentAt.set(moment.nowNanos());
      boolean unused = moment.over(noOfferSentAt, ACK_TIMEOUT);
    }
  }

  private void continueStop(Moment moment) {
    long nowNanos = moment.nowNanos();
    boolean wanted = stopReason != null || cableGone;
    if (stop == Stop.IDLE && wanted && facts.mayBeClosed() && opening == null) {
      stop = Stop.ASKING;
      stopSince.set(nowNanos);
      if (!facts.isContactorKnown()) {
        collect(nowNanos);
      }
    }
    if (stop == Stop.ASKING
        && (facts.isContactorKnown() || moment.over(stopSince, ACK_TIMEOUT))
        && facts.mayBeClosed()) {
      stop = Stop.DRAINING;
      drainAcked = false;
      stopSince.set(nowNanos);
      noOffer(nowNanos);
      collectedAt.setIfNone(nowNanos);
    }
    if (stop == Stop.DRAINING && opening == null && facts.mayBeClosed()) {
      // That the car has left C only a new reading can tell: the last one may be from before it
      // asked.
      if (moment.over(stopSince, rules.stopTimeout())) {
        open(Action.STOPPED, nowNanos);
      } else if (moment.over(collectedAt, STOP_POLL)) {
        collect(nowNanos);
        boolean unused = moment.over(collectedAt, STOP_POLL);
      }
    }
    if (stop != Stop.IDLE && isStopped()) {
      stop = Stop.IDLE;
      cableGone = false;
    }
    if (opening != null) {
      boolean unused = moment.over(openSentAt, ACK_TIMEOUT);
    }
    boolean unused = moment.over(noOfferSentAt, ACK_TIMEOUT);
  }

  private void open(Action why, long nowNanos) {
    opening = why;
    facts.opening(nowNanos);
    openSentAt.set(nowNanos);
    commands.add(OPEN);
    if (stop != Stop.DRAINING) {
      noOffer(nowNanos);
    }
  }

  private void opened() {
    done = opening;
    opening = null;
    openSentAt.clear();
  }

  private void noOffer(long nowNanos) {
    commands.add(NO_OFFER);
    noOfferSentAt.set(nowNanos);
  }

  private void collect(long nowNanos) {
    commands.add(COLLECT);
    collectedAt.set(nowNanos);
  }

  // ---- what it refuses --------------------------------------------------------------------------

  /** Whether a reading must be taken before {@link #refusalToClose} can tell. */
  boolean needsReadingToClose(long nowNanos) {
    return rules.enforced()
        && stoppingReason() == null
        && !openedJustNow(nowNanos)
        && !facts.isFresh(FRESH, nowNanos);
  }

  /**
   * Why the contactor must not be closed now, as a sentence that names the pilot's state and the
   * rule; null when it may.
   */
  @Nullable String refusalToClose(long nowNanos) {
    String stopping = stoppingReason();
    if (stopping != null) {
      return "The bridge keeps the contactor open, since %s; %s."
          .formatted(stopping, describe(facts.pilot()));
    }
    if (!rules.enforced()) {
      return null;
    }
    if (openedJustNow(nowNanos)) {
      return "The contactor was opened %d ms ago, and is closed only %d s after an opening; %s."
          .formatted(
              facts.openedAt().ageNanos(nowNanos) / 1_000_000,
              MIN_OFF.toSeconds(),
              describe(facts.pilot()));
    }
    if (!facts.isFresh(FRESH, nowNanos)) {
      return "The contactor is closed only after a reading of the last %d s that shows state C; %s%s."
          .formatted(
              FRESH.toSeconds(),
              describe(facts.pilot()),
              facts.isRead()
                  ? facts.hasChanged()
                      ? " in the last one, and has changed since"
                      : " in an older one"
                  : "");
    }
    if (facts.pilot() != PilotVoltage.VOLT_6
        && !(facts.pilot() == PilotVoltage.VOLT_3 && rules.ventilationAllowed())) {
      return "%s: the contactor is closed only in state C%s."
          .formatted(
              capitalized(describe(facts.pilot())),
              rules.ventilationAllowed()
                  ? " or D"
                  : facts.pilot() == PilotVoltage.VOLT_3
                      ? ", and in D only with control.ventilation = allow"
                      : "");
    }
    Integer percent = facts.pwmPercent();
    return percent == null ? null : aboveCable(percent, 0);
  }

  /** Whether a reading must be taken before {@link #refusalToOffer} can tell. */
  boolean needsReadingToOffer(int percent, long nowNanos) {
    if (!rules.enforced()) {
      return false;
    }
    if (endsOfferUnderLoad(percent)) {
      return !facts.isContactorKnown();
    }
    if (!DutyCycle.offers(percent) || facts.isFresh(FRESH, nowNanos)) {
      return false;
    }
    Integer before = facts.pwmPercent();
    boolean lowers =
        before != null && DutyCycle.deciampsOffered(percent) <= DutyCycle.deciampsOffered(before);
    return !(facts.isRead() && lowers);
  }

  /** Why this duty cycle must not be set now, as a sentence; null when it may. */
  @Nullable String refusalToOffer(int percent) {
    if (percent != DutyCycle.NO_OFFER && (stop != Stop.IDLE || opening != null)) {
      return "The bridge is opening the contactor, and offers nothing until that is done; %s."
          .formatted(describe(facts.pilot()));
    }
    if (!rules.enforced()) {
      return null;
    }
    if (endsOfferUnderLoad(percent) && facts.mayBeClosed()) {
      return "A duty cycle of 0 to 9 %% is refused while the contactor is %s: use 100 %%; %s."
          .formatted(
              facts.isContactorKnown() ? "closed" : "not known to be open",
              describe(facts.pilot()));
    }
    return DutyCycle.offers(percent) ? aboveCable(percent, PlugFacts.unlimitedDeciamps()) : null;
  }

  private static boolean endsOfferUnderLoad(int percent) {
    return percent < 10;
  }

  private @Nullable String aboveCable(int percent, int emptyDeciamps) {
    int offered = DutyCycle.deciampsOffered(percent);
    int rated = ratedDeciamps(emptyDeciamps);
    if (offered <= rated) {
      return null;
    }
    return rated == 0
        ? "A duty cycle of %d %% allows %s A, and no cable is recognised (control.cable = fixed:A is for tethered ones); %s."
            .formatted(percent, amps(offered), describe(facts.pilot()))
        : "A duty cycle of %d %% allows %s A, and the cable carries %s A; %s."
            .formatted(percent, amps(offered), amps(rated), describe(facts.pilot()));
  }

  private int ratedDeciamps(int emptyDeciamps) {
    return rules.fixedCableDeciamps() > 0
        ? rules.fixedCableDeciamps()
        : facts.cableDeciamps(emptyDeciamps);
  }

  private boolean openedJustNow(long nowNanos) {
    return facts.openedAt().isSet() && facts.openedAt().ageNanos(nowNanos) < MIN_OFF.toNanos();
  }

  private @Nullable String stoppingReason() {
    if (stopReason != null) {
      return stopReason;
    }
    return stop != Stop.IDLE || opening != null ? "it is being opened" : null;
  }

  private static String amps(int deciamps) {
    return deciamps % 10 == 0
        ? String.valueOf(deciamps / 10)
        : "%d.%d".formatted(deciamps / 10, deciamps % 10);
  }

  private static String capitalized(String sentence) {
    return "T" + sentence.substring(1);
  }

  private static String describe(@Nullable PilotVoltage pilot) {
    if (pilot == null) {
      return "the state of the control pilot is not known";
    }
    return switch (pilot) {
      case VOLT_12 -> "the control pilot shows A (volt_12)";
      case VOLT_9 -> "the control pilot shows B (volt_9)";
      case VOLT_6 -> "the control pilot shows C (volt_6)";
      case VOLT_3 -> "the control pilot shows D (volt_3)";
      case FAULT -> "the control pilot shows a fault";
    };
  }
}
