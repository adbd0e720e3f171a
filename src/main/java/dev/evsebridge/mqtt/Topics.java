package dev.evsebridge.mqtt;

import org.eclipse.paho.mqttv5.common.util.MqttTopicValidator;

/** What may be a topic to publish on, and a topic filter to subscribe to. */
public final class Topics {

  private Topics() {}

  /**
   * Refuses what no packet may hold: the client library would break the connection on it, now and
   * after every reconnect.
   *
   * @throws IllegalArgumentException for wildcards, an empty topic and forbidden characters
   */
  public static void check(String topic) {
    MqttTopicValidator.validate(topic, false, false);
    checkCharacters(topic);
  }

  /**
   * Refuses what is no topic filter.
   *
   * @throws IllegalArgumentException for wildcards where none may be, an empty filter and forbidden
   *     characters
   */
  static void checkFilter(String topicFilter) {
    MqttTopicValidator.validate(topicFilter, true, true);
    checkCharacters(topicFilter);
  }

  /**
   * Whether a topic filter, also a shared one, means a topic (MQTT 5, sections 4.7 and 4.8.2). The
   * client library's own method misses {@code a/+/b/#} for {@code a/longer/b}.
   */
  static boolean matches(String topicFilter, String topic) {
    String[] filter = withoutShare(topicFilter).split("/", -1);
    String[] levels = topic.split("/", -1);
    if (topic.startsWith("$") && (filter[0].equals("#") || filter[0].equals("+"))) {
      return false;
    }
    for (int i = 0; i < filter.length; i++) {
      if (filter[i].equals("#")) {
        return true;
      }
      if (i >= levels.length || !(filter[i].equals("+") || filter[i].equals(levels[i]))) {
        return false;
      }
      if (i == levels.length - 1 && i == filter.length - 2 && filter[i + 1].equals("#")) {
        return true;
      }
    }
    return filter.length == levels.length;
  }

  private static String withoutShare(String topicFilter) {
    return topicFilter.startsWith("$share/")
        ? topicFilter.substring(topicFilter.indexOf('/', "$share/".length()) + 1)
        : topicFilter;
  }

  private static void checkCharacters(String topic) {
    // With a stream this took an eighth of what publishing a state takes.
    int codePoint;
    for (int i = 0; i < topic.length(); i += Character.charCount(codePoint)) {
      codePoint = topic.codePointAt(i);
      if (isForbidden(codePoint)) {
        throw new IllegalArgumentException("a topic may not hold control characters: " + topic);
      }
    }
  }

  /** MQTT 5, section 1.5.4: control characters, halves of pairs, and what is no character. */
  private static boolean isForbidden(int codePoint) {
    return Character.isISOControl(codePoint)
        || Character.getType(codePoint) == Character.SURROGATE
        || (codePoint & 0xFFFE) == 0xFFFE
        || (codePoint >= 0xFDD0 && codePoint <= 0xFDEF);
  }
}
