package dev.evsebridge.state;

import java.util.List;
import java.util.stream.Stream;

/**
 * The topics that the bridge keeps retained messages on, below the root that it publishes to. Here
 * they are named for being cleared; the routes publish on them.
 */
final class ChargerTopics {

  private static final String AVAILABILITY = "availability";
  private static final String STATE = "state";
  private static final String SESSION = "session";

  /** Stands where the client id of a charger would; no charger may have it as its name. */
  static final String BRIDGE = "bridge";

  /** Below the client id of a charger. */
  private static final List<String> OF_A_CHARGER =
      List.of(AVAILABILITY, STATE, SESSION, "firmware");

  /** Below {@value #BRIDGE}. */
  private static final List<String> OF_THE_BRIDGE =
      List.of(AVAILABILITY, "info", "chargers", "health");

  private ChargerTopics() {}

  /** Where it stands whether a charger is online. */
  static String availability(String root, String clientId) {
    return topic(root, clientId, AVAILABILITY);
  }

  /** Every topic that may hold something of a charger, or of the bridge itself. */
  static Stream<String> retained(String root, String clientId) {
    return (clientId.equals(BRIDGE) ? OF_THE_BRIDGE : OF_A_CHARGER)
        .stream().map(topic -> topic(root, clientId, topic));
  }

  /** Where a bridge alone tells of itself, but for its availability. */
  static Stream<String> ofOneAlone(String root) {
    return retained(root, BRIDGE).filter(topic -> !topic.endsWith("/" + AVAILABILITY));
  }

  /** Whether every charger that is known has something on it, so that nothing old is left. */
  static boolean isAlwaysThere(String topic) {
    return topic.endsWith("/" + AVAILABILITY) || topic.endsWith("/" + STATE);
  }

  private static String topic(String root, String clientId, String name) {
    return root + "/" + clientId + "/" + name;
  }
}
