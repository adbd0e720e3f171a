package dev.evsebridge.message;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request to a charger. Every path to the wire goes through these types, and so through the range
 * checks of their constructors: the charger itself checks nothing.
 */
public sealed interface ChargerRequest {

  /** The charger that is meant: its serial number or configured name. */
  String clientId();

  /** The names of all requests. */
  Set<String> MESSAGE_TYPES =
      Set.of(
          "request_ping",
          "request_data_collection",
          "request_set_pwm_percent",
          "request_set_contactor_state",
          "request_firmware");

  /** The JSON value of {@code message_type}. */
  String messageType();

  /** The charger's response; null for a firmware upload, which has none. */
  @Nullable Class<? extends ChargerResponse> response();

  /** Asks for a sign of life. */
  record Ping(String clientId) implements ChargerRequest {
    @Override
    public String messageType() {
      return "request_ping";
    }

    @Override
    public Class<PingResponse> response() {
      return PingResponse.class;
    }
  }

  /** Asks for a reading; the charger clears its log once it has been read. */
  record CollectData(String clientId) implements ChargerRequest {
    @Override
    public String messageType() {
      return "request_data_collection";
    }

    @Override
    public Class<Reading> response() {
      return Reading.class;
    }
  }

  /**
   * Sets the duty cycle of the control pilot.
   *
   * @param clientId the charger
   * @param percent 0 to 100; above that the charger's timer would run past its period
   */
  record SetPwmPercent(String clientId, int percent) implements ChargerRequest {
    /** Checks the range. */
    public SetPwmPercent {
      if (percent < 0 || percent > 100) {
        throw new IllegalArgumentException("a duty cycle is 0 to 100 percent: " + percent);
      }
    }

    @Override
    public String messageType() {
      return "request_set_pwm_percent";
    }

    @Override
    public Class<SetPwmPercentResponse> response() {
      return SetPwmPercentResponse.class;
    }
  }

  /** Closes or opens the contactor. */
  record SetContactorState(String clientId, boolean closed) implements ChargerRequest {
    @Override
    public String messageType() {
      return "request_set_contactor_state";
    }

    @Override
    public Class<SetContactorStateResponse> response() {
      return SetContactorStateResponse.class;
    }
  }

  /** Replaces the charger's program; it reboots into the image and connects anew. */
  record UploadFirmware(String clientId, FirmwareImage image) implements ChargerRequest {
    @Override
    public String messageType() {
      return "request_firmware";
    }

    @Override
    public @Nullable Class<? extends ChargerResponse> response() {
      return null;
    }
  }
}
