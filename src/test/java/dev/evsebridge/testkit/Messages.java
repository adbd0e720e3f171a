package dev.evsebridge.testkit;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.zip.CRC32;

/** The JSON texts that go to the bridge and that must come from it, written out by hand. */
public final class Messages {
  private Messages() {}

  public static String newConnection(String clientId, int firmwareVersion) {
    return String.format(
        Locale.ROOT,
        "{\"message_type\":\"new_connection\",\"client_id\":%s,\"handshake\":{\"firmware_version\":%d}}",
        ChargerReading.quoted(clientId),
        firmwareVersion);
  }

  /** A message of type and client id alone, in either direction. */
  public static String plain(String messageType, String clientId) {
    return with(messageType, clientId, "");
  }

  /** A request with more keys, given as JSON text such as {@code "pwm_percent":50}. */
  public static String with(String messageType, String clientId, String furtherKeys) {
    return String.format(
        "{\"message_type\":%s,\"client_id\":%s%s}",
        ChargerReading.quoted(messageType),
        ChargerReading.quoted(clientId),
        furtherKeys.isEmpty() ? "" : "," + furtherKeys);
  }

  public static String ping(String clientId) {
    return plain("request_ping", clientId);
  }

  public static String collect(String clientId) {
    return plain("request_data_collection", clientId);
  }

  public static String setContactor(String clientId, boolean closed) {
    return with("request_set_contactor_state", clientId, "\"contactor_state\":" + closed);
  }

  public static String setPwm(String clientId, int percent) {
    return with("request_set_pwm_percent", clientId, "\"pwm_percent\":" + percent);
  }

  public static String firmware(String clientId, byte[] image) {
    return firmware(clientId, image, crc32(image));
  }

  public static String firmware(String clientId, byte[] image, long crc32) {
    return with(
        "request_firmware",
        clientId,
        "\"firmware\":{\"firmware_data_base64\":\""
            + Base64.getEncoder().encodeToString(image)
            + "\",\"firmware_crc32\":"
            + crc32
            + "}");
  }

  /**
   * The frame that must go to the charger for an image: padded, with the CRC-32 of the padded
   * image.
   */
  public static WireFrame firmwareFrame(byte[] image) {
    byte[] padded = Arrays.copyOf(image, (image.length + 3) / 4 * 4);
    Arrays.fill(padded, image.length, padded.length, (byte) 0xFF);
    byte[] payload =
        ByteBuffer.allocate(4 + padded.length).putInt((int) crc32(padded)).put(padded).array();
    return WireFrame.of(WireFrame.FIRMWARE, payload);
  }

  public static long crc32(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }
}
