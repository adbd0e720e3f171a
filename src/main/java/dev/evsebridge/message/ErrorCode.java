package dev.evsebridge.message;

import java.util.Locale;

/** What can become of a request instead of its response; published in lower case. */
public enum ErrorCode {
  /** Not a JSON object, or over the size limit. */
  INVALID_JSON,
  /** A key is missing. */
  MISSING_FIELD,
  /** A key has the wrong type or is out of range. */
  INVALID_VALUE,
  /** No such request. */
  UNKNOWN_MESSAGE_TYPE,
  /** The request came from the broker's retained store. */
  RETAINED_REQUEST,
  /** That charger has no connection now. */
  NOT_CONNECTED,
  /** The charger's queue is full, it has stopped reading, or it is taking in firmware. */
  BUSY,
  /** No response in time. */
  TIMEOUT,
  /** The connection ended before the response came. */
  DISCONNECTED,
  /** The firmware's CRC-32 is not the one that was given. */
  CHECKSUM_MISMATCH,
  /** Firmware is refused: the reboot would open the contactor under load. */
  CONTACTOR_CLOSED,
  /** The charger has come back from a firmware upload without having restarted. */
  FIRMWARE_REFUSED,
  /** A raw command to contactor or control pilot, but the charge controller has the charger. */
  CONTROLLED,
  /** A set-point for a charger that is not under the charge controller. */
  NOT_CONTROLLED,
  /** The interlock refuses to close the contactor, or a duty cycle. */
  INTERLOCK,
  /** No firmware image is configured. */
  NO_IMAGE,
  /** A charger broke the protocol and was disconnected; belongs to no request. */
  PROTOCOL_ERROR,
  /** A step of an edited route failed on a request: the fault is in the route. */
  ROUTE_FAILED;

  /** As it stands in JSON. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
