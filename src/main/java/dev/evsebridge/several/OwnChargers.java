package dev.evsebridge.several;

import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.LogLine;
import dev.evsebridge.state.SessionReport;
import dev.evsebridge.state.StatePublisher;
import java.util.function.Predicate;

/**
 * Publishes what there is to say of chargers, but not of those that are another bridge's, and
 * clears nothing that another one keeps.
 */
public final class OwnChargers implements StatePublisher {

  private final String root;
  private final Predicate<String> isOthers;
  private final Predicate<String> isKeptByAnother;
  private final StatePublisher publisher;

  /**
   * Creates it.
   *
   * @param root the topic that everything is published below
   * @param isOthers whether another bridge has a charger, or had it last
   * @param isKeptByAnother the same, and that bridge is living
   */
  public OwnChargers(
      String root,
      Predicate<String> isOthers,
      Predicate<String> isKeptByAnother,
      StatePublisher publisher) {
    this.root = root;
    this.isOthers = isOthers;
    this.isKeptByAnother = isKeptByAnother;
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
    String begin = root + "/";
    if (!topic.startsWith(begin)
        || !isKeptByAnother.test(topic.substring(begin.length()).split("/", 2)[0])) {
      publisher.clear(topic);
    }
  }

  @Override
  public void together(Runnable says) {
    publisher.together(says);
  }
}
