package dev.evsebridge.state;

import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Readings of one connection on their way to another thread. They come seldom; of what comes faster
 * than that thread takes it, the newest counts.
 */
final class ReadingQueue {

  private static final int MOST = 3;

  private final ArrayDeque<Seen> waiting = new ArrayDeque<>(1);
  private final LogLines log = new LogLines();
  private @Nullable Shown shown;

  /** What subscribers should hear of at once when it changes. */
  private record Shown(
      boolean contactorClosed, int pwmPercent, PilotVoltage pilot, ProximityPilot cable) {}

  /**
   * A reading, and when it came.
   *
   * @param at by the wall clock
   * @param atNanos by the monotonic clock
   */
  record Seen(Reading reading, Instant at, long atNanos) {}

  /**
   * Whether a reading shows something else than the one before; for the thread that readings come
   * on.
   */
  boolean isNews(Reading reading) {
    Shown before = shown;
    Measurements measured = reading.measurements();
    if (before != null
        && before.contactorClosed() == reading.contactorClosed()
        && before.pwmPercent() == reading.pwmPercent()
        && before.pilot() == measured.pilotVoltage()
        && before.cable() == measured.proximityPilotAmps()) {
      return false;
    }
    shown =
        new Shown(
            reading.contactorClosed(),
            reading.pwmPercent(),
            measured.pilotVoltage(),
            measured.proximityPilotAmps());
    return true;
  }

  /** Returns whether nothing waited before, so that somebody must be told. */
  synchronized boolean add(Reading reading, Instant at, long atNanos) {
    boolean first = waiting.isEmpty();
    if (waiting.size() >= MOST) {
      waiting.removeLast();
    }
    waiting.add(new Seen(reading, at, atNanos));
    return first;
  }

  /** What the readings hold of the charger's log; for the thread that takes them. */
  LogLines log() {
    return log;
  }

  /** Hands over what waits, in order. */
  void takeAll(Consumer<Seen> taker) {
    List<Seen> all;
    synchronized (this) {
      all = new ArrayList<>(waiting);
      waiting.clear();
    }
    all.forEach(taker);
  }
}
