package dev.evsebridge.charger.connection;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices a serial number that connects in turns from two addresses: two devices claim to be the
 * same charger, by mistake or on purpose. A charger that has merely moved to another address does
 * not come back to the first one.
 */
final class DuplicateSerialWatch {

  private static final int CAPACITY = 10_000;

  private final Map<String, History> histories =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, History> eldest) {
          return size() > CAPACITY;
        }
      };
  private final long windowNanos;
  private final LongSupplier clockNanos;

  DuplicateSerialWatch(Duration window, LongSupplier clockNanos) {
    this.windowNanos = window.toNanos();
    this.clockNanos = clockNanos;
  }

  /**
   * Notes a connection.
   *
   * @return one plain sentence when the serial number has come back to an address that another one
   *     had taken its place from; at most once per window
   */
  synchronized @Nullable String connected(String clientId, SocketAddress from) {
    if (!(from instanceof InetSocketAddress inet)) {
      return null;
    }
    InetAddress address = inet.getAddress();
    long now = clockNanos.getAsLong();
    History history = histories.get(clientId);
    if (history == null || history.current.equals(address)) {
      InetAddress previous = history == null ? null : history.previous;
      long leftAt = history == null ? 0 : history.leftPreviousAtNanos;
      long reportedAt = history == null ? now - windowNanos : history.reportedAtNanos;
      histories.put(clientId, new History(address, previous, leftAt, reportedAt));
      return null;
    }
    boolean cameBack =
        address.equals(history.previous) && now - history.leftPreviousAtNanos < windowNanos;
    boolean report = cameBack && now - history.reportedAtNanos >= windowNanos;
    histories.put(
        clientId,
        new History(address, history.current, now, report ? now : history.reportedAtNanos));
    return report
        ? "This serial number connects in turns from %s and %s: two devices claim to be the same charger."
            .formatted(history.current.getHostAddress(), address.getHostAddress())
        : null;
  }

  private record History(
      InetAddress current,
      @Nullable InetAddress previous,
      long leftPreviousAtNanos,
      long reportedAtNanos) {}
}
