package dev.evsebridge.runtime;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Ends a process that hangs, so that its port closes: a bridge that goes on accepting chargers
 * without serving them keeps their own fail-safe from acting.
 *
 * <p>What hangs may hold any lock, and memory may have run out. So the thread takes no lock,
 * allocates nothing, logs nothing, and halts the process without shutdown hooks. Time in which the
 * process as a whole did not run is not counted.
 */
public final class Watchdog {

  /** The exit status of a process that the watchdog has ended; 3 is the JVM's, out of memory. */
  public static final int STATUS = 4;

  /** A thread that has given no sign of life for so long hangs. */
  public static final Duration LIMIT = Duration.ofSeconds(30);

  /** Silence beyond this is worth a word. */
  public static final Duration SLOW = Duration.ofSeconds(10);

  private static final long PERIOD_MILLIS = 1_000;

  /** A longer period means that the process was suspended, or had no processor. */
  private static final long MOST_COUNTED_NANOS = Duration.ofMillis(2 * PERIOD_MILLIS).toNanos();

  private final long limitNanos = LIMIT.toNanos();
  private final long slowNanos = SLOW.toNanos();
  private final IntConsumer halt;
  private volatile Pulse[] pulses = {};
  private volatile long stopLimitNanos = Long.MAX_VALUE;
  private long stoppingNanos;

  /** Creates the watchdog; it does not watch yet. */
  public Watchdog() {
    // Not a shutdown: its hooks may wait for what hangs.
    this(Runtime.getRuntime()::halt);
  }

  Watchdog(IntConsumer halt) {
    this.halt = halt;
  }

  /** Begins to watch. */
  public void start() {
    Thread thread = new Thread(this::watch, "watchdog");
    thread.setDaemon(true);
    thread.start();
  }

  /** Watches one more thread. */
  public synchronized void add(Pulse pulse) {
    Pulse[] more = Arrays.copyOf(pulses, pulses.length + 1);
    more[pulses.length] = pulse;
    pulses = more;
  }

  /** The thread has ended, or is about to. */
  public synchronized void remove(Pulse pulse) {
    pulses = Arrays.stream(pulses).filter(each -> each != pulse).toArray(Pulse[]::new);
  }

  /** The process ends in order: threads may fall silent, but all of it must end in time. */
  public void stopWithin(Duration limit) {
    stopLimitNanos = limit.toNanos();
  }

  /** The thread that has given no sign of life for longest, if that is worth a word; or null. */
  public @Nullable String slowest() {
    String slowest = null;
    long longest = slowNanos;
    for (Pulse pulse : pulses) {
      if (pulse.silentNanos() >= longest) {
        longest = pulse.silentNanos();
        slowest = pulse.name();
      }
    }
    return slowest;
  }

  private void watch() {
    long before = System.nanoTime();
    while (true) {
      try {
        Thread.sleep(PERIOD_MILLIS);
      } catch (InterruptedException e) {
        // Nobody may end the watchdog.
        continue;
      }
      long now = System.nanoTime();
      look(now - before);
      before = now;
    }
  }

  void look(long elapsedNanos) {
    long counted = Math.min(elapsedNanos, MOST_COUNTED_NANOS);
    if (stopLimitNanos != Long.MAX_VALUE) {
      stoppingNanos += counted;
      if (stoppingNanos >= stopLimitNanos) {
        halt.accept(STATUS);
      }
      return;
    }
    Pulse[] watched = pulses;
    for (int i = 0; i < watched.length; i++) {
      if (watched[i].look(counted) >= limitNanos) {
        halt.accept(STATUS);
      }
    }
  }
}
