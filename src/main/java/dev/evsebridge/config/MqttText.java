package dev.evsebridge.config;

import java.nio.charset.StandardCharsets;

/** What MQTT can carry as a text, and which topics reach the broker as they are written. */
final class MqttText {

  static final String TOPIC_ALLOWED =
      "it must be a topic of 1 to 1000 characters without '+', '#' and a leading '$'";

  private static final int LONGEST_TOPIC = 1_000;

  private MqttText() {}

  static boolean isTopic(String text) {
    return !text.isEmpty()
        && text.length() <= LONGEST_TOPIC
        && !text.startsWith("$")
        && text.indexOf('+') < 0
        && text.indexOf('#') < 0
        && holdsOnlyCharacters(text);
  }

  /** MQTT 5, section 1.5.4: no control characters, and nothing that Unicode calls no character. */
  static boolean holdsOnlyCharacters(String text) {
    return text.codePoints()
        .noneMatch(
            c ->
                Character.isISOControl(c)
                    || (c & 0xFFFE) == 0xFFFE
                    || (c >= 0xFDD0 && c <= 0xFDEF));
  }

  /** MQTT 5, section 1.5.4: the length is written in two bytes. */
  static boolean isShortEnough(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= 65_535;
  }
}
