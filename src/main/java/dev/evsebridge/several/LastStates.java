package dev.evsebridge.several;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Of chargers that are other bridges', their states as they were published last; of no more than
 * may be known, as anybody may publish something that looks like a state.
 */
final class LastStates {

  /** Twice as many chargers as may be connected by default. */
  static final int MOST_KNOWN = 20_000;

  private final Map<String, byte[]> states = new HashMap<>();

  /** Another bridge has published the state of a charger. */
  void put(String clientId, byte[] payload) {
    if (states.size() < MOST_KNOWN || states.containsKey(clientId)) {
      states.put(clientId, payload);
    }
  }

  /** Nothing is known of this charger any more. */
  void forget(String clientId) {
    states.remove(clientId);
  }

  /** The last state of a charger, which is not kept any longer; null if none has come. */
  byte @Nullable [] take(String clientId) {
    return states.remove(clientId);
  }

  /** Keeps those of other bridges' chargers. */
  void keepOnly(Predicate<String> clientIds) {
    states.keySet().removeIf(clientIds.negate());
  }
}
