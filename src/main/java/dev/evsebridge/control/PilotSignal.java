package dev.evsebridge.control;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The duty cycle at the charger: what was acknowledged or read there, and what is on its way. Until
 * a new one is acknowledged the offer counts as the larger of both.
 */
final class PilotSignal {
  /** A duty cycle that is not acknowledged by then is sent again, as it should be by then. */
  static final Duration ACK_TIMEOUT = Duration.ofSeconds(2);

  private final Duration interval;
  private final int rampDeciamps;
  private @Nullable Integer known;
  private @Nullable Integer pending;
  private final Mark knownSince = new Mark();
  private final Mark pendingSince = new Mark();
  private final Mark lastSlot = new Mark();
  private final Mark leftNotAvailable = new Mark();

  PilotSignal(ControlSettings settings) {
    interval = settings.pwmInterval();
    rampDeciamps = settings.rampUpDeciamps();
  }

  /** The session is gone, and with it what was known. */
  void forget() {
    known = null;
    pending = null;
    knownSince.clear();
    pendingSince.clear();
    leftNotAvailable.clear();
  }

  /** The charger has taken a duty cycle; perhaps not the last one that was sent. */
  void acked(int percent, long nowNanos) {
    learn(percent, nowNanos);
    if (pending != null && pending == percent) {
      pending = null;
    }
  }

  /**
   * A reading shows a duty cycle.
   *
   * @return whether it is another one than the charger was told: somebody else writes
   */
  boolean observed(int percent, long nowNanos) {
    if (pending != null) {
      // The reading may be older than what is on its way; equal means that only the ack was lost.
      acked(percent, nowNanos);
      return false;
    }
    boolean deviates = known != null && known != percent;
    learn(percent, nowNanos);
    return deviates;
  }

  /** Whether this duty cycle is in force and nothing else is on its way. */
  boolean is(int percent) {
    return pending == null && known != null && known == percent;
  }

  /** Whether an offer has been in force for that long, with nothing else on its way. */
  boolean offering(Moment moment, Duration duration) {
    return offersNow() && moment.over(knownSince, duration);
  }

  /** Whether an offer is in force, with nothing else on its way. */
  boolean offersNow() {
    return pending == null && known != null && DutyCycle.offers(known);
  }

  /** Since when the duty cycle in force holds. */
  Mark since() {
    return knownSince;
  }

  /** Whether -12 V is or may be on the line, or was until just now. */
  boolean blindsPilot(Moment moment) {
    return isNotAvailable(known)
        || isNotAvailable(pending)
        || moment.within(leftNotAvailable, Duration.ofSeconds(1));
  }

  /** What the car may take for granted: the larger of both; null when unknown. */
  @Nullable Integer offeredDeciamps() {
    if (known == null && pending == null) {
      return null;
    }
    return Math.max(deciamps(known), deciamps(pending));
  }

  /** Whether a set-point may change the duty cycle now. */
  boolean slotFree(Moment moment) {
    return !moment.within(lastSlot, interval);
  }

  /** A change was made for a set-point, or an offer was taken over: the next one waits. */
  void takeSlot(long nowNanos) {
    lastSlot.set(nowNanos);
  }

  /** The duty cycle to send so that a fixed one is in force, or null. */
  @Nullable Integer toward(int percent, Moment moment) {
    return aim() == null || aim() != percent || overdue(moment) ? percent : null;
  }

  /**
   * The duty cycle to send so that an offer follows the allowance, or null.
   *
   * @param wanted what the allowance permits
   * @param protective what must not be exceeded for a moment, whatever the set-point is
   * @param mayRaise false while a raise would disturb the car that is about to start
   */
  @Nullable Integer towardOffer(int wanted, int protective, boolean mayRaise, Moment moment) {
    Integer aim = aim();
    if (aim == null || !DutyCycle.offers(aim) || overdue(moment)) {
      return wanted;
    }
    int aimDeciamps = DutyCycle.deciampsOffered(aim);
    if (aimDeciamps > DutyCycle.deciampsOffered(protective)) {
      return wanted;
    }
    if (wanted == aim || (wanted > aim && !mayRaise) || !slotFree(moment)) {
      return null;
    }
    return wanted > aim ? ramped(aim, wanted) : wanted;
  }

  /** Somebody else has changed it: that is mended at once. */
  void freeSlot() {
    lastSlot.clear();
  }

  /** Notes that a duty cycle has been sent. */
  void sent(int percent, long nowNanos) {
    pending = percent;
    pendingSince.set(nowNanos);
    if (DutyCycle.offers(percent)) {
      takeSlot(nowNanos);
    }
  }

  private int ramped(int from, int to) {
    if (rampDeciamps == 0) {
      return to;
    }
    int step = DutyCycle.percentFor(DutyCycle.deciampsOffered(from) + rampDeciamps);
    return Math.min(to, Math.max(from + 1, step));
  }

  private boolean overdue(Moment moment) {
    return pending != null && moment.over(pendingSince, ACK_TIMEOUT);
  }

  /** What will be in force. */
  private @Nullable Integer aim() {
    return pending != null ? pending : known;
  }

  private void learn(int percent, long nowNanos) {
    if (known == null || known != percent) {
      if (isNotAvailable(known)) {
        leftNotAvailable.set(nowNanos);
      }
      known = percent;
      knownSince.set(nowNanos);
    }
  }

  private static boolean isNotAvailable(@Nullable Integer percent) {
    return percent != null && percent == DutyCycle.NOT_AVAILABLE;
  }

  private static int deciamps(@Nullable Integer percent) {
    return percent == null ? 0 : DutyCycle.deciampsOffered(percent);
  }
}
