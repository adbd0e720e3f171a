package dev.evsebridge.mqtt;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Gathers what is written while more messages are known to follow: one system call for many
 * messages instead of one for each. Each message ends with a flush; it is obeyed when no other
 * message is known to follow.
 */
final class GatheringOutput extends OutputStream {

  private static final int BUFFER_BYTES = 64 * 1024;

  /** MQTT 5, table 2-1: the upper four bits of a PUBLISH packet's first byte. */
  private static final int PUBLISH = 3;

  private final OutputStream socket;
  private final Announcements announced;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int filled;
  private boolean atPacketStart = true;

  GatheringOutput(OutputStream socket, Announcements announced) {
    this.socket = socket;
    this.announced = announced;
  }

  /** How many messages have been handed to the client and not yet been seen here. */
  static final class Announcements {

    private final AtomicInteger number = new AtomicInteger();

    /** One more message will be written soon. */
    void announce() {
      number.incrementAndGet();
    }

    private void seen() {
      number.decrementAndGet();
    }

    private boolean isMoreToCome() {
      return number.get() > 0;
    }
  }

  @Override
  public void write(int b) throws IOException {
    packetStarts(b);
    if (filled == buffer.length) {
      drain();
    }
    buffer[filled++] = (byte) b;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return;
    }
    packetStarts(bytes[offset]);
    if (length > buffer.length - filled) {
      drain();
    }
    if (length > buffer.length) {
      socket.write(bytes, offset, length);
    } else {
      System.arraycopy(bytes, offset, buffer, filled, length);
      filled += length;
    }
  }

  private void packetStarts(int firstByte) {
    if (atPacketStart) {
      atPacketStart = false;
      if (((firstByte & 0xFF) >> 4) == PUBLISH) {
        announced.seen();
      }
    }
  }

  @Override
  public void flush() throws IOException {
    atPacketStart = true;
    if (!announced.isMoreToCome()) {
      drain();
    }
  }

  private void drain() throws IOException {
    socket.write(buffer, 0, filled);
    filled = 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
