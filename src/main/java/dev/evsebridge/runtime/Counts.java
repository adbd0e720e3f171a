package dev.evsebridge.runtime;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * What the bridge has done since its start, for whoever watches it. Counting takes some nanoseconds
 * on any thread, and whoever reads holds up nobody.
 */
public final class Counts {

  /** The outcome of a request that has ended in its response; of others it is the error's code. */
  public static final String OK = "ok";

  /** Stands for whatever else clients write as the type of a request. */
  public static final String OTHER_TYPE = "unknown";

  private final Set<String> requestTypes;
  private final Map<String, LongAdder> messages = new ConcurrentHashMap<>();
  private final Map<Ended, LongAdder> requests = new ConcurrentHashMap<>();
  private final LongAdder errors = new LongAdder();

  /**
   * Requests that have ended in the same way.
   *
   * @param requestType a known one, or {@link #OTHER_TYPE}
   * @param outcome {@link #OK}, or the error's code
   */
  public record Ended(String requestType, String outcome) {}

  /**
   * Creates it with nothing counted.
   *
   * @param requestTypes that are told apart
   */
  public Counts(Set<String> requestTypes) {
    this.requestTypes = Set.copyOf(requestTypes);
  }

  /** A charger has said something that is published. */
  public void message(String messageType) {
    add(messages, messageType);
  }

  /** A request has ended in its response. */
  public void requestDone(String requestType) {
    add(requests, new Ended(known(requestType), OK));
  }

  /** A request has ended in an error, which is published. */
  public void requestFailed(String requestType, String errorCode) {
    errors.increment();
    add(requests, new Ended(known(requestType), errorCode));
  }

  /** An error that belongs to no request is published. */
  public void error() {
    errors.increment();
  }

  private String known(String requestType) {
    return requestTypes.contains(requestType) ? requestType : OTHER_TYPE;
  }

  private static <K> void add(Map<K, LongAdder> counters, K key) {
    LongAdder counter = counters.get(key);
    if (counter == null) {
      counter = counters.computeIfAbsent(key, first -> new LongAdder());
    }
    counter.increment();
  }

  /** Messages of chargers by their {@code message_type}. */
  public Map<String, Long> messages() {
    return sums(messages);
  }

  /** Requests that have ended, by their type and outcome. */
  public Map<Ended, Long> requests() {
    return sums(requests);
  }

  /** All requests that have ended. */
  public long requestsTotal() {
    return requests.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** All errors that were published, those that belong to no request too. */
  public long errorsTotal() {
    return errors.sum();
  }

  private static <K> Map<K, Long> sums(Map<K, LongAdder> counters) {
    Map<K, Long> sums = new HashMap<>();
    counters.forEach((key, counter) -> sums.put(key, counter.sum()));
    return sums;
  }
}
