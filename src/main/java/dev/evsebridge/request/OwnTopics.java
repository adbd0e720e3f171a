package dev.evsebridge.request;

import dev.evsebridge.config.BridgeSettings;
import java.util.HashSet;
import java.util.Set;

/**
 * The topics that belong to the bridge: those on which it says something itself, and those that it
 * listens to. A reply on one of them would be taken for the truth about a charger, or for a
 * request.
 */
public final class OwnTopics {

  /** Below the client id of a charger. */
  private static final Set<String> OF_A_CHARGER =
      Set.of("availability", "state", "session", "log", "firmware", "interlock");

  private static final String OF_THE_BRIDGE = "bridge";
  private static final String ERROR = "error";

  private final String publishTopic;
  private final Set<String> roots;
  private final Set<String> others;

  /**
   * Creates the list.
   *
   * @param publishTopic below which some topics are the bridge's, and some are free
   * @param roots of which all is the bridge's
   * @param others single topics
   */
  OwnTopics(String publishTopic, Set<String> roots, Set<String> others) {
    this.publishTopic = publishTopic;
    this.roots = roots;
    this.others = others;
  }

  /** Those that follow from the settings. */
  public static OwnTopics of(BridgeSettings settings) {
    Set<String> others = new HashSet<>(Set.of(settings.homeAssistant().statusTopic()));
    settings.supervision().aliveTopic().ifPresent(others::add);
    return new OwnTopics(
        settings.mqtt().publishTopic(),
        Set.of(settings.mqtt().subscribeTopic(), settings.homeAssistant().prefix()),
        others);
  }

  /** Whether a topic is one of them. */
  boolean contains(String topic) {
    return topic.equals(publishTopic)
        || (topic.startsWith(publishTopic + "/")
            && isOwnBelow(topic.substring(publishTopic.length() + 1)))
        || roots.stream().anyMatch(root -> isAtOrBelow(root, topic))
        || others.contains(topic);
  }

  private static boolean isOwnBelow(String rest) {
    int levelEnd = rest.indexOf('/');
    return rest.equals(ERROR)
        || isAtOrBelow(OF_THE_BRIDGE, rest)
        || (levelEnd >= 0 && OF_A_CHARGER.contains(rest.substring(levelEnd + 1)));
  }

  private static boolean isAtOrBelow(String root, String topic) {
    return topic.equals(root) || topic.startsWith(root + "/");
  }
}
