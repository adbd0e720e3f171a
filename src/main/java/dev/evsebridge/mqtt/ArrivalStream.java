package dev.evsebridge.mqtt;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What the broker sends, buffered, with the time at which it arrived at the latest known moment.
 *
 * <p>What is read was sent a moment ago, unless this process did not run for a while (it was frozen
 * or suspended, or its virtual machine was), or did not read: then it may have waited in the
 * system's buffer all that time. So the socket is asked again and again, even if nothing comes. A
 * gap since it was known to be empty, by either clock, counts as the age of what is read next.
 */
final class ArrivalStream extends InputStream {

  /** How long a read of the socket may wait; it has to be set there. */
  static final int TICK_MILLIS = 250;

  /** Shorter gaps come from a busy system, and are less than an expiry can express. */
  private static final long TOLERATED_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final int BUFFER_BYTES = 64 * 1024;

  private final InputStream socket;
  private final LongSupplier clockNanos;
  private final LongSupplier wallClockMillis;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;
  private long emptyAtNanos;
  private long emptyAtWallMillis;
  private volatile long arrivedAtNanos;

  ArrivalStream(InputStream socket) {
    this(socket, System::nanoTime, System::currentTimeMillis);
  }

  ArrivalStream(InputStream socket, LongSupplier clockNanos, LongSupplier wallClockMillis) {
    this.socket = socket;
    this.clockNanos = clockNanos;
    this.wallClockMillis = wallClockMillis;
    empty(clockNanos.getAsLong());
  }

  /** The earliest time at which the bytes that were read last can have arrived. */
  long arrivedAtNanos() {
    return arrivedAtNanos;
  }

  @Override
  public int read() throws IOException {
    return position < limit || fill() ? buffer[position++] & 0xFF : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (position == limit && !fill()) {
      return -1;
    }
    int count = Math.min(length, limit - position);
    System.arraycopy(buffer, position, bytes, offset, count);
    position += count;
    return count;
  }

  @Override
  public int available() {
    return limit - position;
  }

  private boolean fill() throws IOException {
    while (true) {
      try {
        int count = socket.read(buffer, 0, buffer.length);
        if (count < 0) {
          return false;
        }
        position = 0;
        limit = count;
        noteArrival(count == buffer.length && socket.available() > 0);
        return true;
      } catch (SocketTimeoutException nothingCame) {
        empty(clockNanos.getAsLong());
      }
    }
  }

  private void noteArrival(boolean moreWaits) {
    long now = clockNanos.getAsLong();
    long gapNanos =
        Math.max(
            now - emptyAtNanos,
            TimeUnit.MILLISECONDS.toNanos(wallClockMillis.getAsLong() - emptyAtWallMillis));
    arrivedAtNanos = gapNanos > TOLERATED_NANOS ? now - gapNanos : now;
    if (!moreWaits) {
      empty(now);
    }
  }

  private void empty(long nowNanos) {
    emptyAtNanos = nowNanos;
    emptyAtWallMillis = wallClockMillis.getAsLong();
  }
}
