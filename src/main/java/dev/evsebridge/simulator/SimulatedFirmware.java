package dev.evsebridge.simulator;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Firmware for simulated chargers: an image that begins with the ASCII text {@code SIMULATED
 * FIRMWARE n;} runs as version <i>n</i>. Every other image runs as the version before it.
 */
public final class SimulatedFirmware {
  /** The largest image that a charger can take. */
  public static final int MAX_BYTES = 126_976;

  private static final Pattern HEAD = Pattern.compile("SIMULATED FIRMWARE (\\d{1,3});");
  private static final int MAX_HEAD_BYTES = 23;
  private static final int MAX_VERSION = 255;

  private SimulatedFirmware() {}

  /**
   * An image of so many bytes that runs as this version.
   *
   * @param version 2 to 255
   * @param bytes 23 to {@link #MAX_BYTES}
   */
  public static byte[] of(int version, int bytes) {
    byte[] head = "SIMULATED FIRMWARE %d;".formatted(version).getBytes(US_ASCII);
    byte[] image = new byte[bytes];
    Arrays.fill(image, (byte) 0xFF);
    System.arraycopy(head, 0, image, 0, head.length);
    return image;
  }

  static OptionalInt versionOf(byte[] image) {
    Matcher head =
        HEAD.matcher(new String(image, 0, Math.min(image.length, MAX_HEAD_BYTES), US_ASCII));
    if (head.lookingAt()) {
      int version = Integer.parseInt(head.group(1));
      return version <= MAX_VERSION ? OptionalInt.of(version) : OptionalInt.empty();
    }
    return OptionalInt.empty();
  }
}
