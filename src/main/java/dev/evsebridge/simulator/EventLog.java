package dev.evsebridge.simulator;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The newest events at one charger, once somebody wants to know. */
final class EventLog {
  private static final int CAPACITY = 10_000;

  private final Deque<Event> events = new ArrayDeque<>(0);
  private boolean recording;

  void startRecording() {
    recording = true;
  }

  void add(long atMillis, Event.Kind kind, int value) {
    if (recording) {
      if (events.size() == CAPACITY) {
        events.removeFirst();
      }
      events.addLast(new Event(atMillis, kind, value));
    }
  }

  List<Event> toList() {
    return List.copyOf(events);
  }
}
