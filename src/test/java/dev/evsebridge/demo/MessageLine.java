package dev.evsebridge.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;

/**
 * One MQTT message as one line: time, direction, topic and payload, JSON without its white space. A
 * charger's state is told in words instead.
 *
 * <p>An arrow to the right is a message for the chargers, one to the left comes from them. In
 * colour, the former are yellow, the latter green, and errors red.
 */
final class MessageLine {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String YELLOW = "\u001b[33m";
  private static final String PLAIN = "\u001b[0m";

  private final String rootToChargers;
  private final boolean inColour;

  MessageLine(String rootToChargers, boolean inColour) {
    this.rootToChargers = rootToChargers;
    this.inColour = inColour;
  }

  String of(LocalTime time, String topic, String payload) {
    boolean toChargers = topic.equals(rootToChargers) || topic.startsWith(rootToChargers + "/");
    String arrow = "%s %s ".formatted(TIME.format(time), toChargers ? "-->" : "<--");
    JsonNode json = json(payload);
    if (topic.endsWith("/state") && !json.isMissingNode()) {
      return coloured(topic, toChargers, arrow + StateWords.of(json));
    }
    return coloured(topic, toChargers, arrow + topic)
        + " "
        + (json.isMissingNode() ? payload : json);
  }

  private String coloured(String topic, boolean toChargers, String text) {
    return inColour ? colourOf(topic, toChargers) + text + PLAIN : text;
  }

  private static String colourOf(String topic, boolean toChargers) {
    if (topic.endsWith("/error")) {
      return RED;
    }
    return toChargers ? YELLOW : GREEN;
  }

  private static JsonNode json(String payload) {
    try {
      return payload.stripLeading().startsWith("{")
          ? JSON.readTree(payload)
          : MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
