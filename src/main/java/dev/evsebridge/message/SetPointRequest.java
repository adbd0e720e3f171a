package dev.evsebridge.message;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants of a charger under the charge controller. Unlike a {@link ChargerRequest} it
 * is a state, not a command: it holds while the charger is away, and the last one wins.
 */
public sealed interface SetPointRequest {

  /** What set-points are called where a request has its {@code message_type}. */
  Set<String> REQUEST_TYPES =
      Set.of("set", "set_enabled", "set_limit_amps", "set_reset", "set_firmware");

  /** The charger that is meant: its serial number or configured name. */
  String clientId();

  /**
   * Whether charging is allowed, and with what current at most.
   *
   * @param clientId the charger
   * @param enabled null when it stays as it is
   * @param limitDeciamps tenths of an ampere, 0 or 60 to 800; null when it stays as it is
   */
  record SetPoints(String clientId, @Nullable Boolean enabled, @Nullable Integer limitDeciamps)
      implements SetPointRequest {

    /** The least current above 0 that can be offered, in tenths of an ampere. */
    public static final int LEAST_DECIAMPS = 60;

    /** The highest current that a duty cycle can express, in tenths of an ampere. */
    public static final int MOST_DECIAMPS = 800;

    /** Checks the range. */
    public SetPoints {
      if (limitDeciamps != null
          && limitDeciamps != 0
          && (limitDeciamps < LEAST_DECIAMPS || limitDeciamps > MOST_DECIAMPS)) {
        throw new IllegalArgumentException(
            "a limit is 0, or 6.0 to 80.0 ampere: " + limitDeciamps + " tenths");
      }
    }
  }

  /**
   * Clears a latched error.
   *
   * @param clientId the charger
   * @param error its code, or {@code all}
   */
  record Reset(String clientId, String error) implements SetPointRequest {}

  /**
   * Installs the configured firmware image.
   *
   * @param clientId the charger
   */
  record InstallFirmware(String clientId) implements SetPointRequest {}
}
