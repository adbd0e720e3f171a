package dev.evsebridge.charger.codec;

import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * The payload of a reading.
 *
 * <pre>
 * offset      field                                      type
 *      0      contactor closed                           u8, 0 or 1
 *      1      PWM percent                                u8
 *      2      pilot voltage: 12, 9, 6, 3 V, fault        u8, 0 to 4
 *      3      proximity pilot: 13, 20, 32 A, no cable    u8, 0 to 3
 *  4, 8, 12   phase 1, 2, 3 voltage, raw ADC peak        u32
 * 16, 20, 24  phase 1, 2, 3 current, raw ADC peak        u32
 *     28      Wi-Fi signal strength, dBm                 i32
 *     32      uptime, milliseconds                       u32
 *     36, 40  control and proximity pilot, raw readings  u32, from firmware version 3 on
 *  36 or 44   log text, up to the end                    bytes, mostly ASCII
 * </pre>
 */
final class ReadingPayload {

  private static final int HEADER_BYTES_VERSION_2 = 36;
  private static final int HEADER_BYTES_VERSION_3 = 44;
  private static final int FIRST_VERSION_WITH_ADC = 3;

  private static final PilotVoltage[] PILOT_VOLTAGES = PilotVoltage.values();
  private static final ProximityPilot[] PROXIMITY_PILOTS = ProximityPilot.values();

  private ReadingPayload() {}

  static int headerLengthBytes(int firmwareVersion) {
    return firmwareVersion < FIRST_VERSION_WITH_ADC
        ? HEADER_BYTES_VERSION_2
        : HEADER_BYTES_VERSION_3;
  }

  /**
   * Reads a payload whose length has been checked against {@link #headerLengthBytes}.
   *
   * @throws ProtocolViolationException for a code that has no meaning
   */
  static Reading decode(String clientId, int firmwareVersion, ByteBuf in, int lengthBytes) {
    boolean contactorClosed = decodeContactor(in.readUnsignedByte());
    int pwmPercent = in.readUnsignedByte();
    PilotVoltage pilotVoltage = decode(PILOT_VOLTAGES, "pilot voltage", in.readUnsignedByte());
    ProximityPilot proximityPilot =
        decode(PROXIMITY_PILOTS, "proximity pilot", in.readUnsignedByte());
    boolean hasAdc = firmwareVersion >= FIRST_VERSION_WITH_ADC;
    Measurements measurements =
        new Measurements(
            pilotVoltage,
            proximityPilot,
            in.readUnsignedInt(),
            in.readUnsignedInt(),
            in.readUnsignedInt(),
            in.readUnsignedInt(),
            in.readUnsignedInt(),
            in.readUnsignedInt(),
            in.readInt(),
            in.readUnsignedInt(),
            hasAdc ? in.readUnsignedInt() : 0,
            hasAdc ? in.readUnsignedInt() : 0,
            decodeLog(in, lengthBytes - headerLengthBytes(firmwareVersion)));
    return new Reading(clientId, pwmPercent, contactorClosed, measurements);
  }

  private static boolean decodeContactor(int code) {
    if (code > 1) {
      throw new ProtocolViolationException("contactor state must be 0 or 1 but was " + code);
    }
    return code == 1;
  }

  private static <E> E decode(E[] values, String field, int code) {
    if (code >= values.length) {
      throw new ProtocolViolationException(
          "%s must be 0 to %d but was %d".formatted(field, values.length - 1, code));
    }
    return values[code];
  }

  /** Each malformed sequence becomes one U+FFFD, which is what the JDK's decoder does. */
  private static String decodeLog(ByteBuf in, int lengthBytes) {
    byte[] log = new byte[lengthBytes];
    in.readBytes(log);
    return new String(log, StandardCharsets.UTF_8);
  }
}
