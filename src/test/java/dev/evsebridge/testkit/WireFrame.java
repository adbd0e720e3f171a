package dev.evsebridge.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * One frame as it stands on the wire: {@code u8 type}, {@code u32 length}, payload. The payload is
 * held as hex digits, so that frames compare and print by their content.
 */
public record WireFrame(int type, String payloadHex) {
  public static final int PING = 1;
  public static final int FIRMWARE = 2;
  public static final int COLLECT = 3;
  public static final int SET_PWM = 4;
  public static final int SET_CONTACTOR = 5;

  public static final int ANSWER_TO_PING = 1;
  public static final int READING = 2;
  public static final int ANSWER_TO_PWM = 3;
  public static final int ANSWER_TO_CONTACTOR = 4;
  public static final int NOTIFY = 100;

  private static final HexFormat HEX = HexFormat.of();

  public static WireFrame of(int type, byte... payload) {
    return new WireFrame(type, HEX.formatHex(payload));
  }

  /** The frames that the bridge sends for its requests. */
  public static WireFrame ping() {
    return of(PING);
  }

  public static WireFrame collect() {
    return of(COLLECT);
  }

  public static WireFrame setPwm(int percent) {
    return of(SET_PWM, (byte) percent);
  }

  public static WireFrame setContactor(boolean closed) {
    return of(SET_CONTACTOR, (byte) (closed ? 1 : 0));
  }

  public byte[] payload() {
    return HEX.parseHex(payloadHex);
  }

  public byte[] bytes() {
    byte[] payload = payload();
    return ByteBuffer.allocate(5 + payload.length)
        .put((byte) type)
        .putInt(payload.length)
        .put(payload)
        .array();
  }

  /** The bytes of several units, one after the other. */
  public static byte[] glued(byte[]... units) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] unit : units) {
      all.writeBytes(unit);
    }
    return all.toByteArray();
  }

  @Override
  public String toString() {
    String payload =
        payloadHex.length() <= 80
            ? payloadHex
            : payloadHex.substring(0, 80) + "… (" + payloadHex.length() / 2 + " bytes)";
    return "type " + type + " [" + payload + "]";
  }
}
