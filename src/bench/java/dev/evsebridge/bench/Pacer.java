package dev.evsebridge.bench;

import io.netty.channel.EventLoop;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls a task on the event loop at the pace of a rate, finer than the timers of the loop; the task
 * does all that is due.
 */
final class Pacer implements AutoCloseable {
  private static final long SHORTEST_PERIOD_NANOS = 200_000;

  private final Thread thread;
  private volatile boolean stopped;

  Pacer(EventLoop loop, double rate, Runnable task) {
    long period = Math.max(SHORTEST_PERIOD_NANOS, (long) (1e9 / rate));
    thread =
        new Thread(
            () -> {
              long next = System.nanoTime();
              while (!stopped) {
                loop.execute(task);
                next += period;
                long wait = next - System.nanoTime();
                if (wait > 0) {
                  LockSupport.parkNanos(wait);
                } else {
                  next = System.nanoTime();
                }
              }
            },
            "pacer");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  @Override
  public void close() {
    stopped = true;
  }
}
