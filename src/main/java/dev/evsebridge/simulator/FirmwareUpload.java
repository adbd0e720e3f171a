package dev.evsebridge.simulator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.zip.CRC32;

/**
 * A firmware image on its way into the charger's memory, as fast as that takes it.
 *
 * <p>One to three bytes beyond a multiple of 64 are lost.
 */
final class FirmwareUpload {
  private static final int CRC_BYTES = 4;
  private static final int PAGE_BYTES = 64;
  private static final int LOST_BYTES_PER_PAGE = 3;

  private final int imageBytes;
  private final double bytesPerMilli;
  private final ByteBuf taken;
  private long lastMillis;

  /**
   * @param declaredBytes the frame's length; four bytes of a checksum are taken whatever it says
   * @param transferMillis how long an image of full size takes
   */
  FirmwareUpload(int declaredBytes, long transferMillis, long nowMillis) {
    imageBytes = Math.max(0, declaredBytes - CRC_BYTES);
    bytesPerMilli =
        transferMillis == 0
            ? Double.POSITIVE_INFINITY
            : (double) SimulatedFirmware.MAX_BYTES / transferMillis;
    taken = Unpooled.buffer(CRC_BYTES + imageBytes);
    lastMillis = nowMillis;
  }

  /** Takes what has arrived, as far as time allows. True when all is there. */
  boolean take(ByteBuf unread, long nowMillis) {
    int missing = CRC_BYTES + imageBytes - taken.readableBytes();
    // Time in which nothing was there to be stored is lost.
    double affordable =
        bytesPerMilli == Double.POSITIVE_INFINITY
            ? missing
            : Math.ceil((nowMillis - lastMillis) * bytesPerMilli);
    lastMillis = nowMillis;
    taken.writeBytes(unread, (int) Math.min(unread.readableBytes(), Math.min(missing, affordable)));
    return taken.readableBytes() == CRC_BYTES + imageBytes;
  }

  int imageBytes() {
    return imageBytes;
  }

  long expectedCrc32() {
    return taken.getUnsignedInt(0);
  }

  long crc32OfStored() {
    int excess = imageBytes % PAGE_BYTES;
    int stored = excess <= LOST_BYTES_PER_PAGE ? imageBytes - excess : imageBytes;
    CRC32 crc32 = new CRC32();
    crc32.update(taken.nioBuffer(CRC_BYTES, stored));
    return crc32.getValue();
  }

  byte[] image() {
    byte[] image = new byte[imageBytes];
    taken.getBytes(CRC_BYTES, image);
    return image;
  }
}
