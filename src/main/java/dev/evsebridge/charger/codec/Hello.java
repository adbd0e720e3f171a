package dev.evsebridge.charger.codec;

import dev.evsebridge.message.SerialNumber;

/**
 * The first thing a charger says, once per connection, without a frame around it.
 *
 * <pre>
 * +---------------+------------------+
 * | serial number | firmware version |
 * | 16 bytes      | u8               |
 * +---------------+------------------+
 * </pre>
 *
 * @param serialNumber which charger
 * @param firmwareVersion 0 to 255; 2 and up are spoken here
 */
public record Hello(SerialNumber serialNumber, int firmwareVersion) {

  /** Length on the wire, in bytes. */
  public static final int LENGTH_BYTES = SerialNumber.LENGTH_BYTES + 1;

  /** Version 1 had other payloads and other requests. */
  public static final int FIRST_SUPPORTED_VERSION = 2;

  /** Whether this bridge speaks the protocol of that firmware. */
  public boolean supported() {
    return firmwareVersion >= FIRST_SUPPORTED_VERSION;
  }
}
