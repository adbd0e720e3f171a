package dev.evsebridge.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * The bytes that the simulated chargers (firmware version 9) send. A data frame carries 64 bytes of
 * log text and, as phase 1 voltage and again as uptime, its sequence number within the charger:
 *
 * <pre>
 * +------+--------+----------------------------+---------+-----------------------+----------+
 * | type | length | contactor, PWM, pilots     | phase 1 | …              uptime | log text |
 * | 02   | u32    | 4 bytes                    | seq u32 | …             seq u32 | 64 bytes |
 * +------+--------+----------------------------+---------+-----------------------+----------+
 * </pre>
 */
final class DataFrames {
  static final int LENGTH = 5 + 44 + 64;
  static final int FIRMWARE_VERSION = 9;

  private static final int SEQUENCE_OFFSET = 5 + 4;
  private static final int UPTIME_OFFSET = 5 + 32;
  private static final int SERIAL_PREFIX_LENGTH = 12;
  private static final byte[] SERIAL_PREFIX = HexFormat.of().parseHex("10BA23AB50534D53302E3120");
  private static final String LOG =
      "60018: PWM percent updated to 50\0" + "60024: Switched contactor on..\0";
  private static final byte[] TEMPLATE = template();

  private DataFrames() {}

  static byte[] hello(int charger) {
    return ByteBuffer.allocate(17)
        .put(SERIAL_PREFIX)
        .putInt(charger)
        .put((byte) FIRMWARE_VERSION)
        .array();
  }

  /**
   * The {@code client_id} of a charger: its serial number, whose last eight digits are its index.
   */
  static String clientId(int charger) {
    byte[] serial = ByteBuffer.allocate(16).put(SERIAL_PREFIX).putInt(charger).array();
    return HexFormat.of().withUpperCase().formatHex(serial);
  }

  /** Where the index starts within the {@code client_id}. */
  static int clientIdIndexOffset() {
    return 2 * SERIAL_PREFIX_LENGTH;
  }

  static void write(ByteBuf out, int sequence) {
    int start = out.writerIndex();
    out.writeBytes(TEMPLATE);
    out.setInt(start + SEQUENCE_OFFSET, sequence);
    out.setInt(start + UPTIME_OFFSET, sequence);
  }

  /** Checks every field of a published reading. */
  static boolean isIntact(ObjectMapper mapper, byte[] data, int offset, int length, int sequence) {
    try {
      JsonNode message = mapper.readTree(data, offset, length);
      JsonNode measurements = message.path("measurements");
      return message.size() == 5
          && message.path("pwm_percent").intValue() == 50
          && message.path("contactor_state").booleanValue()
          && measurements.size() == 13
          && measurements.path("pilot_voltage").asText().equals("volt_9")
          && measurements.path("proximity_pilot_amps").asText().equals("amp_32")
          && measurements.path("phase1_millivolts").longValue() == Integer.toUnsignedLong(sequence)
          && measurements.path("phase2_millivolts").longValue() == 230_002
          && measurements.path("phase3_millivolts").longValue() == 230_003
          && measurements.path("phase1_milliamps").longValue() == 15_001
          && measurements.path("phase2_milliamps").longValue() == 15_002
          && measurements.path("phase3_milliamps").longValue() == 15_003
          && measurements.path("wifi_rssi").intValue() == -77
          && measurements.path("uptime_milliseconds").longValue()
              == Integer.toUnsignedLong(sequence)
          && measurements.path("current_control_pilot_adc").longValue() == 4095
          && measurements.path("current_proximity_pilot_adc").longValue() == 1234
          && measurements.path("logging_buffer").asText().equals(LOG);
    } catch (IOException e) {
      return false;
    }
  }

  private static byte[] template() {
    byte[] log = LOG.getBytes(StandardCharsets.US_ASCII);
    if (log.length != 64) {
      throw new IllegalStateException("log text must be 64 bytes but has " + log.length);
    }
    return ByteBuffer.allocate(LENGTH)
        .put((byte) 2)
        .putInt(LENGTH - 5)
        .put(new byte[] {1, 50, 1, 2})
        .putInt(0)
        .putInt(230_002)
        .putInt(230_003)
        .putInt(15_001)
        .putInt(15_002)
        .putInt(15_003)
        .putInt(-77)
        .putInt(0)
        .putInt(4095)
        .putInt(1234)
        .put(log)
        .array();
  }
}
