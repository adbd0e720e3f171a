package dev.evsebridge.control;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The contactor as far as it is known: what was acknowledged or read, and what is on its way. The
 * charger answers in order: a reading that comes after an acknowledgement was taken after it.
 */
final class Contactor {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(2);

  private @Nullable Boolean knownClosed;
  private @Nullable Boolean pendingClosed;
  private @Nullable Boolean lastSettled;
  private final Mark sentAt = new Mark();
  private final Mark openSince = new Mark();
  private boolean failed;
  private int unanswered;
  private long switchings;

  /** The session is gone; nobody sees what the charger does now. */
  void forget() {
    pendingClosed = null;
    unanswered = 0;
    failed = false;
    knownClosed = null;
    openSince.clear();
  }

  void sent(boolean closed, long nowNanos) {
    unanswered = pendingClosed != null && pendingClosed == closed ? unanswered + 1 : 1;
    failed = false;
    pendingClosed = closed;
    sentAt.set(nowNanos);
    if (closed) {
      // From now on it must be taken for closed.
      openSince.clear();
      knownClosed = null;
    }
  }

  void acked(boolean closed, long nowNanos) {
    if (pendingClosed == null || pendingClosed == closed) {
      pendingClosed = null;
      unanswered = 0;
      failed = false;
      if (!closed) {
        learn(false, nowNanos);
      }
    }
  }

  /** A command could not be delivered: as if its time to be acknowledged were over. */
  void failed(boolean closed) {
    failed |= pendingClosed != null && pendingClosed == closed;
  }

  /** A reading shows the contactor; one that contradicts what is on its way may be older. */
  void observed(boolean closed, long nowNanos) {
    if (pendingClosed == null) {
      learn(closed, nowNanos);
    } else if (pendingClosed == closed) {
      acked(closed, nowNanos);
      learn(closed, nowNanos);
    }
  }

  boolean awaitsAck() {
    return pendingClosed != null;
  }

  /** Whether a command has waited too long for its acknowledgement. */
  boolean overdue(Moment moment) {
    return pendingClosed != null && (failed || moment.over(sentAt, ACK_TIMEOUT));
  }

  /** How often the command on its way has been sent. */
  int unanswered() {
    return unanswered;
  }

  Mark sentAt() {
    return sentAt;
  }

  /** Acknowledged or seen open, and not told to close since. */
  boolean knownOpen() {
    return knownClosed != null && !knownClosed && !(pendingClosed != null && pendingClosed);
  }

  /** What is known; null when nothing is. */
  @Nullable Boolean closed() {
    return knownClosed;
  }

  /** Since when it has been known to be open. */
  Mark openSince() {
    return openSince;
  }

  long switchings() {
    return switchings;
  }

  void restore(long switchings) {
    this.switchings = switchings;
  }

  private void learn(boolean closed, long nowNanos) {
    // The first thing that is learnt is no switching.
    if (lastSettled != null && lastSettled != closed) {
      switchings++;
    }
    lastSettled = closed;
    knownClosed = closed;
    if (closed) {
      openSince.clear();
    } else {
      openSince.setIfNone(nowNanos);
    }
  }
}
