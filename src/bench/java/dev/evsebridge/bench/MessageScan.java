package dev.evsebridge.bench;

import java.nio.charset.StandardCharsets;

/** Finds what the generator wants to know of a published message without parsing it whole. */
final class MessageScan {
  static final int OTHER = -1;
  static final int NEW_CONNECTION = 1000;
  static final int NOTIFY = 100;
  static final int ERROR = 1001;

  private static final byte[] MESSAGE_TYPE = key("message_type");
  private static final byte[] CLIENT_ID = key("client_id");
  private static final byte[] PHASE_1 = key("phase1_millivolts");
  private static final byte[] LAST_NUMBER = key("current_proximity_pilot_adc");

  private MessageScan() {}

  /** The {@link RequestKind#answerType} that this is, or one of the constants above. */
  static int type(byte[] data, int offset, int end) {
    int value = text(data, offset, end, MESSAGE_TYPE);
    if (value < 0 || value + 14 > end) {
      return OTHER;
    }
    return switch (data[value]) {
      case 'r' ->
          switch (data[value + 9]) {
            case 'p' -> RequestKind.PING.answerType;
            case 'c' -> RequestKind.COLLECT.answerType;
            case 's' ->
                data[value + 13] == 'p'
                    ? RequestKind.PWM.answerType
                    : RequestKind.CONTACTOR.answerType;
            default -> OTHER;
          };
      case 'n' -> data[value + 1] == 'e' ? NEW_CONNECTION : NOTIFY;
      case 'e' -> ERROR;
      default -> OTHER;
    };
  }

  /** The index of the charger that the message names, or -1. */
  static int charger(byte[] data, int offset, int end) {
    int value = text(data, offset, end, CLIENT_ID);
    if (value < 0 || value + 32 > end) {
      return -1;
    }
    int index = 0;
    for (int i = value + DataFrames.clientIdIndexOffset(); i < value + 32; i++) {
      index = (index << 4) | Character.digit(data[i], 16);
    }
    return index;
  }

  /** The sequence number of a reading, or -1 when its two copies are not the same. */
  static int sequence(byte[] data, int offset, int end) {
    int first = number(data, offset, end, PHASE_1);
    return first == number(data, offset, end, LAST_NUMBER) ? first : -1;
  }

  private static int number(byte[] data, int offset, int end, byte[] key) {
    int position = after(data, offset, end, key);
    if (position < 0) {
      return -1;
    }
    int value = 0;
    while (position < end && data[position] >= '0' && data[position] <= '9') {
      value = 10 * value + data[position++] - '0';
    }
    return value;
  }

  private static int text(byte[] data, int offset, int end, byte[] key) {
    int position = after(data, offset, end, key);
    return position < 0 || data[position] != '"' ? -1 : position + 1;
  }

  /** Where the value of the key starts, or -1. */
  private static int after(byte[] data, int offset, int end, byte[] key) {
    int last = end - key.length - 2;
    for (int i = offset; i <= last; i++) {
      if (data[i] == '"' && startsWith(data, i, key)) {
        int position = i + key.length;
        while (position < end - 1 && (data[position] == ':' || data[position] == ' ')) {
          position++;
        }
        return position;
      }
    }
    return -1;
  }

  private static boolean startsWith(byte[] data, int offset, byte[] key) {
    for (int i = 1; i < key.length; i++) {
      if (data[offset + i] != key[i]) {
        return false;
      }
    }
    return true;
  }

  private static byte[] key(String name) {
    return ('"' + name + '"').getBytes(StandardCharsets.US_ASCII);
  }
}
