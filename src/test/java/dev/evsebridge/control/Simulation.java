package dev.evsebridge.control;

import java.util.PriorityQueue;

/** Virtual time: what is to happen, in order. */
final class Simulation {
  private record Entry(long atMillis, long number, Runnable action) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      int byTime = Long.compare(atMillis, other.atMillis);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final PriorityQueue<Entry> entries = new PriorityQueue<>();
  private long nowMillis;
  private long number;

  long count() {
    return number;
  }

  long nowMillis() {
    return nowMillis;
  }

  void after(long millis, Runnable action) {
    entries.add(new Entry(nowMillis + millis, number++, action));
  }

  void runFor(long millis) {
    long endMillis = nowMillis + millis;
    for (Entry next = entries.peek();
        next != null && next.atMillis() <= endMillis;
        next = entries.peek()) {
      entries.remove();
      nowMillis = next.atMillis();
      next.action().run();
    }
    nowMillis = endMillis;
  }
}
