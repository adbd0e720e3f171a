package dev.evsebridge.state;

import java.util.ArrayList;
import java.util.List;

/**
 * Keeps what one task has to say of chargers until its end, so that whoever publishes it is woken
 * up once and then left alone. Used by one thread.
 */
final class GatheredWords implements StatePublisher {

  private final StatePublisher publisher;
  private List<Runnable> words = new ArrayList<>();

  /** Creates it with nothing to say. */
  GatheredWords(StatePublisher publisher) {
    this.publisher = publisher;
  }

  @Override
  public void state(String clientId, ChargerState state) {
    words.add(() -> publisher.state(clientId, state));
  }

  @Override
  public void session(String clientId, SessionReport report) {
    words.add(() -> publisher.session(clientId, report));
  }

  @Override
  public void log(String clientId, LogLine line) {
    words.add(() -> publisher.log(clientId, line));
  }

  @Override
  public void clear(String topic) {
    words.add(() -> publisher.clear(topic));
  }

  /** Says all of it, in order. */
  void sayAll() {
    if (!words.isEmpty()) {
      List<Runnable> all = words;
      words = new ArrayList<>();
      publisher.together(() -> all.forEach(Runnable::run));
    }
  }
}
