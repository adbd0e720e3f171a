package dev.evsebridge.several;

import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.LogLine;
import dev.evsebridge.state.SessionReport;
import dev.evsebridge.state.StatePublisher;
import java.util.function.Predicate;

/** Publishes what there is to say of chargers, but not of those that are another bridge's. */
public final class OwnChargers implements StatePublisher {

  private final Predicate<String> isOthers;
  private final StatePublisher publisher;

  /**
   * Creates it.
   *
   * @param isOthers whether another bridge has a charger, or had it last
   */
  public OwnChargers(Predicate<String> isOthers, StatePublisher publisher) {
    this.isOthers = isOthers;
    this.publisher = publisher;
  }

  @Override
  public void state(String clientId, ChargerState state) {
    if (!isOthers.test(clientId)) {
      publisher.state(clientId, state);
    }
  }

  @Override
  public void session(String clientId, SessionReport report) {
    if (!isOthers.test(clientId)) {
      publisher.session(clientId, report);
    }
  }

  @Override
  public void log(String clientId, LogLine line) {
    if (!isOthers.test(clientId)) {
      publisher.log(clientId, line);
    }
  }

  @Override
  public void clear(String topic) {
    publisher.clear(topic);
  }
}
