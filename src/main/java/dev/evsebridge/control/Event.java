package dev.evsebridge.control;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import org.jspecify.annotations.Nullable;

/** What a controller reacts to. */
public sealed interface Event {

  /** The charger has connected and said its hello; also when it replaces an earlier session. */
  record Connected() implements Event {}

  /**
   * A reading, whoever asked for it.
   *
   * @param contactorClosed the output pin, read back
   * @param pwmPercent as reported, 0 to 255
   * @param milliamps measured currents; what is not calibrated is ignored
   * @param millivolts measured voltages; what is not calibrated is ignored
   * @param uptimeMillis wraps at 2^32
   */
  record Reading(
      boolean contactorClosed,
      int pwmPercent,
      PilotVoltage pilot,
      ProximityPilot proximity,
      PhaseValues milliamps,
      PhaseValues millivolts,
      long uptimeMillis)
      implements Event {}

  /** The charger told that pilot or cable have changed. */
  record Notified() implements Event {}

  /** The charger has acknowledged a command (not a collect: that is answered by a reading). */
  record Acked(Command command) implements Event {}

  /** A command got no response, or could not be queued. */
  record CommandFailed(Command command) implements Event {}

  /** The session has ended. */
  record Disconnected() implements Event {}

  /**
   * Set-points, checked; also a sign of life, even when they change nothing.
   *
   * @param limitDeciamps 0, or 60 to 800
   * @param ageNanos how long ago they may have come: a process may be frozen meanwhile
   */
  record SetPoint(@Nullable Boolean enabled, @Nullable Integer limitDeciamps, long ageNanos)
      implements Event {
    public SetPoint {
      if (limitDeciamps != null
          && limitDeciamps != 0
          && (limitDeciamps < 60 || limitDeciamps > 800)) {
        throw new IllegalArgumentException("limit_amps must be 0, or 6.0 to 80.0");
      }
    }

    /** Has come just now. */
    public SetPoint(@Nullable Boolean enabled, @Nullable Integer limitDeciamps) {
      this(enabled, limitDeciamps, 0);
    }
  }

  /**
   * A sign of life of the external control.
   *
   * @param ageNanos how long ago it may have come
   */
  record Alive(long ageNanos) implements Event {
    /** Has come just now. */
    public Alive() {
      this(0);
    }
  }

  /** The external control is known to be gone: its last will. */
  record Silent() implements Event {}

  /** The broker has been away for longer than the grace. */
  record BrokerLost() implements Event {}

  /** The broker is back. */
  record BrokerBack() implements Event {}

  /**
   * Clears a latched error, or all; may be refused.
   *
   * @param error null for all
   */
  record Reset(@Nullable LatchedError error) implements Event {}

  /**
   * Asks whether an image may be sent; the step says no with a refusal. Otherwise the controller
   * sends nothing more after its PWM 100 %, and the upload may begin once that is acknowledged.
   */
  record FirmwareStarting() implements Event {}

  /** The upload ended without the charger having gone away. */
  record FirmwareEnded() implements Event {}

  /** The bridge is about to stop. */
  record Stopping() implements Event {}

  /** The deadline of the last step has come. */
  record Tick() implements Event {}
}
