package dev.evsebridge.simulator;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The charger's log buffer: entries {@code "<millis>: text"}, each ended by a NUL byte. It holds at
 * most 1 023 bytes; an entry that no longer fits takes the place of everything before it.
 */
final class ChargerLog {
  static final int MAX_BYTES = 1023;

  private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(MAX_BYTES);

  void add(long uptimeMillis, String text) {
    byte[] entry = (uptimeMillis + ": " + text + "\0").getBytes(StandardCharsets.US_ASCII);
    if (buffer.size() + entry.length > MAX_BYTES) {
      buffer.reset();
    }
    buffer.writeBytes(entry);
  }

  /** Everything logged since the last call. */
  byte[] drain() {
    byte[] entries = buffer.toByteArray();
    buffer.reset();
    return entries;
  }
}
