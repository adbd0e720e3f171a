package dev.evsebridge.bench;

import java.nio.charset.StandardCharsets;

/**
 * The requests of the mix, in the order in which they take turns, with what they look like on both
 * sides.
 */
enum RequestKind {
  PING(1, 1, "request_ping", ""),
  COLLECT(3, 2, "request_data_collection", ""),
  PWM(4, 3, "request_set_pwm_percent", ",\"pwm_percent\":"),
  CONTACTOR(5, 4, "request_set_contactor_state", ",\"contactor_state\":");

  private static final RequestKind[] VALUES = values();

  /** The type of the frame to the charger. */
  final int frameType;

  /** The type of the charger's answer. */
  final int answerType;

  private final String start;
  private final String valueKey;

  RequestKind(int frameType, int answerType, String messageType, String valueKey) {
    this.frameType = frameType;
    this.answerType = answerType;
    this.start = "{\"message_type\":\"" + messageType + "\",\"client_id\":\"";
    this.valueKey = valueKey;
  }

  static RequestKind inTurn(long number) {
    return VALUES[(int) (number % VALUES.length)];
  }

  /** The byte that the charger must be sent with the {@code number}th request, or -1 for none. */
  int value(long number) {
    return switch (this) {
      case PING, COLLECT -> -1;
      case PWM -> (int) (number % 101);
      case CONTACTOR -> (int) (number / VALUES.length % 2);
    };
  }

  byte[] json(String clientId, int value) {
    String end =
        switch (this) {
          case PING, COLLECT -> "\"}";
          case PWM -> '"' + valueKey + value + '}';
          case CONTACTOR -> '"' + valueKey + (value == 1) + '}';
        };
    return (start + clientId + end).getBytes(StandardCharsets.US_ASCII);
  }
}
