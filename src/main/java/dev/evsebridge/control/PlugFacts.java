package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a charger's plug and contactor from what it has said, whoever asked it. Without
 * thread and clock. An acknowledged command counts as carried out; what is on its way, or may have
 * been lost, counts as the worse of both.
 */
final class PlugFacts {
  private static final int UNLIMITED_DECIAMPS = Integer.MAX_VALUE;

  private final Mark readAt = new Mark();
  private final Mark openedAt = new Mark();
  private @Nullable PilotVoltage pilot;
  private @Nullable ProximityPilot cable;
  private @Nullable Integer pwmPercent;

  /** Null while not known on this connection. */
  private @Nullable Boolean closed;

  private boolean closing;
  private boolean changedSinceReading;

  /** Whether anything has ever been known of the contactor, on any connection. */
  private boolean everKnown;

  /** Whether the last that was known of it, on any connection, is that it may be closed. */
  private boolean suspectedClosed;

  void restoreOpening(Duration age, long nowNanos) {
    openedAt.set(nowNanos - age.toNanos());
  }

  /** A new connection: whatever has changed in between was not told. */
  void connected() {
    readAt.clear();
    pilot = null;
    cable = null;
    pwmPercent = null;
    closed = null;
    closing = false;
    changedSinceReading = false;
  }

  void reading(
      boolean contactorClosed,
      int percent,
      PilotVoltage voltage,
      ProximityPilot proximity,
      long nowNanos) {
    if (!contactorClosed && (closed == null ? suspectedClosed : closed)) {
      // It was opened by somebody else, or by the charger itself.
      openedAt.set(nowNanos);
    }
    readAt.set(nowNanos);
    changedSinceReading = false;
    learn(contactorClosed);
    pwmPercent = percent;
    pilot = voltage;
    cable = proximity;
  }

  /** What the last reading says of the plug is out of date. */
  void notified() {
    changedSinceReading = true;
  }

  /** A command to close goes out now. */
  void closing() {
    closing = true;
    everKnown = true;
    suspectedClosed = true;
  }

  /** A command to open goes out now: the time since the last opening begins anew. */
  void opening(long nowNanos) {
    if (mayBeClosed()) {
      openedAt.set(nowNanos);
    }
  }

  void switched(boolean nowClosed, long nowNanos) {
    if (!nowClosed && mayBeClosed()) {
      openedAt.set(nowNanos);
    }
    closing = false;
    learn(nowClosed);
  }

  private void learn(boolean nowClosed) {
    closed = nowClosed;
    everKnown = true;
    suspectedClosed = nowClosed || closing;
  }

  /**
   * A command to the contactor has failed.
   *
   * @param perhapsDone whether it may have been carried out all the same
   */
  void switchFailed(boolean toClosed, boolean perhapsDone, long nowNanos) {
    if (toClosed) {
      closing = false;
      closed = perhapsDone ? null : closed;
    } else if (perhapsDone && mayBeClosed()) {
      openedAt.set(nowNanos);
      closed = null;
    }
  }

  void offered(int percent) {
    pwmPercent = percent;
  }

  /** The state of the control pilot in the last reading of this connection. */
  @Nullable PilotVoltage pilot() {
    return pilot;
  }

  @Nullable Integer pwmPercent() {
    return pwmPercent;
  }

  boolean isRead() {
    return readAt.isSet();
  }

  /** Whether a reading is so young, and nothing was notified after it. */
  boolean isFresh(Duration age, long nowNanos) {
    return isRead() && !changedSinceReading && readAt.ageNanos(nowNanos) <= age.toNanos();
  }

  /** Whether a notification came after the last reading. */
  boolean hasChanged() {
    return changedSinceReading;
  }

  Mark readAt() {
    return readAt;
  }

  /** When it was last opened, as far as that is known; not set when it never was. */
  Mark openedAt() {
    return openedAt;
  }

  /** Whether anything is known of the contactor on this connection. */
  boolean isContactorKnown() {
    return closed != null;
  }

  /** Whether anything has been known of the contactor, on any connection. */
  boolean isEverKnown() {
    return everKnown;
  }

  /** Closed, or about to be, or not known to be open. */
  boolean mayBeClosed() {
    return closed == null || closed || closing;
  }

  /** Whether it may be closed although nothing is known on this connection yet. */
  boolean mayHaveBeenClosed() {
    return !everKnown || suspectedClosed;
  }

  /** Whether the last reading shows that no car asks for power: A, B or a fault. */
  boolean showsNoRequest() {
    return pilot == PilotVoltage.VOLT_12
        || pilot == PilotVoltage.VOLT_9
        || pilot == PilotVoltage.FAULT;
  }

  /**
   * What the plugged cable carries: 0 where a vehicle is there and no cable is recognised.
   *
   * @param emptyDeciamps what counts while nothing is plugged in
   */
  int cableDeciamps(int emptyDeciamps) {
    ProximityPilot plugged = cable;
    if (plugged == null) {
      return 0;
    }
    return switch (plugged) {
      case AMP_13 -> 130;
      case AMP_20 -> 200;
      case AMP_32 -> 320;
      case NO_CABLE -> pilot == PilotVoltage.VOLT_12 ? emptyDeciamps : 0;
    };
  }

  static int unlimitedDeciamps() {
    return UNLIMITED_DECIAMPS;
  }
}
