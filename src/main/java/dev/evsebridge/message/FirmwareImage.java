package dev.evsebridge.message;

import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * A firmware image that is safe to send: 1 to {@value #MAX_LENGTH_BYTES} bytes, padded with 0xFF to
 * a multiple of 4, with the CRC-32 of the padded bytes.
 *
 * <p>An empty image with CRC 0 passes the charger's own check and bricks it; a longer one crashes
 * it; of one whose length modulo 64 is 1, 2 or 3 the charger loses the last bytes.
 */
public final class FirmwareImage {

  /** The most that a charger can take. */
  public static final int MAX_LENGTH_BYTES = 126_976;

  private static final int ALIGNMENT_BYTES = 4;
  private static final byte ERASED_FLASH = (byte) 0xFF;

  private final byte[] padded;
  private final int crc32;

  private FirmwareImage(byte[] padded) {
    this.padded = padded;
    this.crc32 = (int) crc32Of(padded);
  }

  /**
   * Pads the image.
   *
   * @throws IllegalArgumentException when it is empty or too long
   */
  public static FirmwareImage of(byte[] image) {
    if (image.length < 1 || image.length > MAX_LENGTH_BYTES) {
      throw new IllegalArgumentException(
          "a firmware image is 1 to " + MAX_LENGTH_BYTES + " bytes: " + image.length);
    }
    int paddedLength = ((image.length + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    byte[] padded = Arrays.copyOf(image, paddedLength);
    Arrays.fill(padded, image.length, paddedLength, ERASED_FLASH);
    return new FirmwareImage(padded);
  }

  /** CRC-32 with zlib's polynomial, as an unsigned number. */
  public static long crc32Of(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  /** CRC-32 of the padded bytes. */
  public int crc32() {
    return crc32;
  }

  /** Length of the padded image. */
  public int lengthBytes() {
    return padded.length;
  }

  /** A copy of the padded image. */
  public byte[] bytes() {
    return padded.clone();
  }
}
