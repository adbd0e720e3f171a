package dev.evsebridge.config;

import java.util.regex.Pattern;

/**
 * A topic that routes name as {@code {{key}}}, in endpoint URIs and in simple expressions. Camel
 * changes some characters there, and then part of the messages would go to another topic than the
 * rest.
 */
final class RouteTopic {

  private static final String ALLOWED =
      "routes can't carry it unchanged; it must hold none of '?', '%', '\\', '{{', '}}', '${', no space but the plain one, and not begin with '//'";

  private static final Pattern CHANGED =
      Pattern.compile("^//|[?%\\\\]|\\{\\{|}}|\\$(simple)?\\{|[\\p{Z}&&[^ ]]");

  private RouteTopic() {}

  static String read(Setting setting, SettingReader reader) throws ConfigurationException {
    reader.parsed(setting, MqttText.TOPIC_ALLOWED, text -> MqttText.isTopic(text) ? text : null);
    return reader.parsed(setting, ALLOWED, text -> CHANGED.matcher(text).find() ? null : text);
  }
}
