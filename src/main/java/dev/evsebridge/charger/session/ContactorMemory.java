package dev.evsebridge.charger.session;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which chargers are known to have a closed contactor. It outlives their connections: a charger
 * that reconnects has not opened its contactor.
 */
final class ContactorMemory {

  private final Map<String, Boolean> closed;

  /**
   * Creates an empty memory.
   *
   * @param capacity chargers to remember; beyond it the one that was heard of least recently is
   *     forgotten, so that a stream of invented serial numbers can't fill the memory
   */
  ContactorMemory(int capacity) {
    closed =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > capacity;
          }
        };
  }

  synchronized boolean isKnownClosed(String clientId) {
    return closed.getOrDefault(clientId, false);
  }

  synchronized void remember(String clientId, boolean isClosed) {
    if (isClosed) {
      closed.put(clientId, true);
    } else {
      closed.remove(clientId);
    }
  }
}
