package dev.evsebridge.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Shows the {@link Watchdog} that a thread goes on with its work. */
public final class Pulse {

  private final String name;
  private final AtomicLong beats = new AtomicLong();
  private final AtomicInteger busy;

  /** Of the watchdog's thread. */
  private long beatsSeen;

  private volatile long silentNanos;

  private Pulse(String name, int busy) {
    this.name = name;
    this.busy = new AtomicInteger(busy);
  }

  /** Of a thread that beats each second, whatever it has to do. */
  public static Pulse steady(String name) {
    return new Pulse(name, 1);
  }

  /** Of a thread that beats between {@link #begin} and {@link #end}, and may be idle otherwise. */
  public static Pulse whileBusy(String name) {
    return new Pulse(name, 0);
  }

  /** The thread is at work. */
  public void beat() {
    beats.incrementAndGet();
  }

  /** Work begins that is to end soon. */
  public void begin() {
    beat();
    busy.incrementAndGet();
  }

  /** That work has ended. */
  public void end() {
    busy.decrementAndGet();
    beat();
  }

  /** What the thread does, for the log. */
  String name() {
    return name;
  }

  /** For how long there has been no sign of life, as the watchdog has counted it. */
  long silentNanos() {
    return silentNanos;
  }

  /** So much time has passed since the last look; allocates nothing. */
  long look(long elapsedNanos) {
    long beatsNow = beats.get();
    long silent = beatsNow != beatsSeen || busy.get() == 0 ? 0 : silentNanos + elapsedNanos;
    beatsSeen = beatsNow;
    silentNanos = silent;
    return silent;
  }
}
