package dev.evsebridge.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Set;

/**
 * The bytes that the simulated chargers (firmware version 9) send. A data frame carries 64 bytes of
 * log text and, as phase 1 voltage and again as the last number, its sequence number within the
 * charger. The uptime is true, since a charger whose uptime does not go on has been restarted:
 *
 * <pre>
 * +------+--------+----------------------------+---------+--------------------------+----------+
 * | type | length | contactor, PWM, pilots     | phase 1 | …   uptime     proximity | log text |
 * | 02   | u32    | 4 bytes                    | seq u32 | …   ms u32 u32   seq u32 | 64 bytes |
 * +------+--------+----------------------------+---------+--------------------------+----------+
 * </pre>
 */
final class DataFrames {
  static final int LENGTH = 5 + 44 + 64;
  static final int FIRMWARE_VERSION = 9;

  /** What the template says. */
  static final int PWM = 50;

  static final int VEHICLE = 1;

  private static final int HEADER = 5;
  private static final int LENGTH_WITHOUT_LOG = HEADER + 44;
  private static final int SEQUENCE_OFFSET = 5 + 4;
  private static final int UPTIME_OFFSET = 5 + 32;
  private static final int PROXIMITY_OFFSET = 5 + 40;
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

  static void write(ByteBuf out, int sequence, int uptimeMillis) {
    int start = out.writerIndex();
    out.writeBytes(TEMPLATE);
    out.setInt(start + SEQUENCE_OFFSET, sequence);
    out.setInt(start + UPTIME_OFFSET, uptimeMillis);
    out.setInt(start + PROXIMITY_OFFSET, sequence);
  }

  /** The same without a log, and with what a charger says of contactor, duty cycle and vehicle. */
  static void write(
      ByteBuf out, int sequence, int uptimeMillis, boolean closed, int pwm, int pilot) {
    int start = out.writerIndex();
    write(out, sequence, uptimeMillis);
    out.writerIndex(start + LENGTH_WITHOUT_LOG);
    out.setInt(start + 1, LENGTH_WITHOUT_LOG - HEADER);
    out.setByte(start + HEADER, closed ? 1 : 0);
    out.setByte(start + HEADER + 1, pwm);
    out.setByte(start + HEADER + 2, pilot);
  }

  /** Checks every field of a published reading. */
  static boolean isIntact(ObjectMapper mapper, byte[] data, int offset, int length, int sequence) {
    try {
      JsonNode message = mapper.readTree(data, offset, length);
      JsonNode measurements = message.path("measurements");
      return message.size() == 5
          && message.path("pwm_percent").intValue() == PWM
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
          && measurements.path("uptime_milliseconds").longValue() > 0
          && measurements.path("current_control_pilot_adc").longValue() == 4095
          && measurements.path("current_proximity_pilot_adc").longValue()
              == Integer.toUnsignedLong(sequence)
          && Set.of("", LOG).contains(measurements.path("logging_buffer").asText());
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
        .put(new byte[] {1, PWM, VEHICLE, 2})
        .putInt(0)
        .putInt(230_002)
        .putInt(230_003)
        .putInt(15_001)
        .putInt(15_002)
        .putInt(15_003)
        .putInt(-77)
        .putInt(0)
        .putInt(4095)
        .putInt(0)
        .put(log)
        .array();
  }
}
