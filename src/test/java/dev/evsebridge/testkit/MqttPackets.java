package dev.evsebridge.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** How every MQTT packet begins: its first byte, then the length of the rest. */
final class MqttPackets {
  private static final int FIRST_BYTE_AND_LONGEST_LENGTH = 5;

  private MqttPackets() {}

  /** Writes a packet in one piece. */
  static void write(OutputStream out, int first, byte[] rest) throws IOException {
    byte[] packet = new byte[FIRST_BYTE_AND_LONGEST_LENGTH + rest.length];
    int filled = 0;
    packet[filled++] = (byte) first;
    int length = rest.length;
    do {
      int low = length % 128;
      length /= 128;
      packet[filled++] = (byte) (length > 0 ? low | 0x80 : low);
    } while (length > 0);
    System.arraycopy(rest, 0, packet, filled, rest.length);
    out.write(Arrays.copyOf(packet, filled + rest.length));
    out.flush();
  }

  /** Reads a length: MQTT 5, section 1.5.5. */
  static int variableInteger(DataInputStream in) throws IOException {
    int value = 0;
    int shift = 0;
    int digit;
    do {
      digit = in.readUnsignedByte();
      value |= (digit & 0x7F) << shift;
      shift += 7;
    } while ((digit & 0x80) != 0);
    return value;
  }
}
