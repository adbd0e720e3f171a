package dev.evsebridge.charger.codec;

/**
 * The frames that a charger sends, and how long their payloads may be.
 *
 * <pre>
 * code  meaning                       payload
 *    1  response to a ping            none
 *    2  response to collect data      36 bytes (firmware 2) or 44 bytes (3 and up), then the log
 *    3  response to set PWM percent   none
 *    4  response to set contactor     none
 *  100  notification, unsolicited     none
 * </pre>
 */
enum FrameType {
  PING_RESPONSE(1),
  READING(2),
  PWM_RESPONSE(3),
  CONTACTOR_RESPONSE(4),
  NOTIFICATION(100);

  private final int code;

  FrameType(int code) {
    this.code = code;
  }

  static FrameType of(int code) {
    return switch (code) {
      case 1 -> PING_RESPONSE;
      case 2 -> READING;
      case 3 -> PWM_RESPONSE;
      case 4 -> CONTACTOR_RESPONSE;
      case 100 -> NOTIFICATION;
      default ->
          throw new ProtocolViolationException(
              "frame type must be 1, 2, 3, 4 or 100 but was " + code);
    };
  }

  /** Checks a declared payload length before anybody waits for so many bytes. */
  void checkLength(long lengthBytes, int firmwareVersion, int maxFrameLengthBytes) {
    if (lengthBytes > maxFrameLengthBytes) {
      throw new ProtocolViolationException(
          "frame length must be at most " + maxFrameLengthBytes + " but was " + lengthBytes);
    }
    if (this == READING) {
      int headerBytes = ReadingPayload.headerLengthBytes(firmwareVersion);
      if (lengthBytes < headerBytes) {
        throw new ProtocolViolationException(
            "a reading of firmware version %d must be at least %d bytes but was %d"
                .formatted(firmwareVersion, headerBytes, lengthBytes));
      }
    } else if (lengthBytes != 0) {
      throw new ProtocolViolationException(
          "payload of frame type " + code + " must be empty but was " + lengthBytes + " bytes");
    }
  }
}
