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

  private static void checkCharacters(String topic) {
    if (topic.codePoints().anyMatch(Topics::isForbidden)) {
      throw new IllegalArgumentException("a topic may not hold control characters: " + topic);
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
