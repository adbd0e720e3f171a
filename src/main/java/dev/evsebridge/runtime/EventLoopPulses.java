package dev.evsebridge.runtime;

import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Has the {@link Watchdog} watch event loops, each from its first connection to its end. */
public final class EventLoopPulses {

  private static final long PERIOD_MILLIS = 1_000;

  private final Watchdog watchdog;
  private final ConcurrentMap<EventExecutor, Pulse> pulses = new ConcurrentHashMap<>();

  /** Creates it for the watchdog of the process. */
  public EventLoopPulses(Watchdog watchdog) {
    this.watchdog = watchdog;
  }

  /** Watches the event loops of a connection and of its listener, unless they are already. */
  public void watch(Channel connection) {
    watch(connection.eventLoop());
    if (connection.parent() != null) {
      watch(connection.parent().eventLoop());
    }
  }

  /** Ends when each of the event loops has come to it; at once where there is none. */
  public CompletableFuture<Void> respond() {
    return CompletableFuture.allOf(
        pulses.keySet().stream().map(EventLoopPulses::response).toArray(CompletableFuture[]::new));
  }

  private static CompletableFuture<Void> response(EventExecutor loop) {
    try {
      return CompletableFuture.runAsync(() -> {}, loop);
    } catch (RejectedExecutionException e) {
      // It has ended with its listener.
      return CompletableFuture.completedFuture(null);
    }
  }

  private void watch(EventExecutor loop) {
    if (!pulses.containsKey(loop)) {
      pulses.computeIfAbsent(loop, this::begin);
    }
  }

  private Pulse begin(EventExecutor loop) {
    Pulse pulse = Pulse.steady("event loop of the chargers");
    try {
      ScheduledFuture<?> unused =
          loop.scheduleAtFixedRate(
              pulse::beat, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // It is ending with its listener.
      return pulse;
    }
    watchdog.add(pulse);
    loop.terminationFuture()
        .addListener(
            ended -> {
              pulses.remove(loop);
              watchdog.remove(pulse);
            });
    return pulse;
  }
}
