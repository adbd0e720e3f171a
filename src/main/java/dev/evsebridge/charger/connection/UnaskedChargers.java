package dev.evsebridge.charger.connection;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Chargers that leave because nobody asks them anything: they drop a connection on which no request
 * has come for 10 s, and come back at once, for ever. That is said once of each.
 */
final class UnaskedChargers {

  private static final int CAPACITY = 10_000;

  /** 10 s by the charger's clock, from when the request had arrived there. */
  private static final Duration LEAST = Duration.ofSeconds(9);

  private static final Duration MOST = Duration.ofSeconds(15);

  private final Map<String, Boolean> said =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > CAPACITY;
        }
      };

  /**
   * Whether a charger that has closed its connection did so because nobody asked it anything.
   *
   * @param unasked since the last request, or since it connected
   */
  static boolean isReason(Duration unasked) {
    return unasked.compareTo(LEAST) >= 0 && unasked.compareTo(MOST) <= 0;
  }

  /**
   * Notes that a charger has left for this reason.
   *
   * @return whether it is to be said
   */
  synchronized boolean add(String clientId) {
    return said.put(clientId, true) == null;
  }

  /** Whether it has been said of a charger, and nobody has asked it anything since. */
  synchronized boolean contains(String clientId) {
    return said.containsKey(clientId);
  }

  /** It has been asked something. */
  synchronized void remove(String clientId) {
    said.remove(clientId);
  }
}
