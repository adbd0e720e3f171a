package dev.evsebridge.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** A charger's state in words. */
final class StateWords {
  private StateWords() {}

  /** The end of a simulated charger's serial number, or all of another one. */
  static String shortNameOf(String clientId) {
    String simulated = "53494D554C41544544";
    if (clientId.length() == 32 && clientId.startsWith(simulated)) {
      int number = 0;
      for (int i = simulated.length() + 1; i < clientId.length(); i += 2) {
        number = 10 * number + Character.digit(clientId.charAt(i), 10);
      }
      return "charger " + number;
    }
    return clientId;
  }

  /** All of it, with what flows. */
  static String of(JsonNode state) {
    return line(
        state,
        isCharging(state)
            ? "charging with %.1f kW (%.1f A on %d phase%s)"
                .formatted(
                    state.path("power_watts").asDouble() / 1_000,
                    highestAmps(state),
                    state.path("phases").asInt(),
                    state.path("phases").asInt() == 1 ? "" : "s")
            : car(state));
  }

  /** The same without what flows: as long as it stays, only the current has changed. */
  static String withoutMeasurements(JsonNode state) {
    return line(state, isCharging(state) ? "charging" : car(state));
  }

  static boolean isCharging(JsonNode state) {
    return state.path("charging").asBoolean();
  }

  private static String line(JsonNode state, String car) {
    String name = shortNameOf(state.path("client_id").asText());
    if (!state.path("connected").asBoolean()) {
      return name + ": not connected";
    }
    double offered = state.path("offered_amps").asDouble();
    String why = state.path("why_text").asText();
    return "%s: %s, %s, contactor %s%s"
        .formatted(
            name,
            car,
            offered == 0
                ? "nothing offered"
                : String.format(Locale.ROOT, "%.1f A offered", offered),
            state.path("contactor_state").asBoolean() ? "closed" : "open",
            state.path("why").isNull() || state.path("why").asText().equals("no_vehicle")
                ? ""
                : ". " + why);
  }

  private static String car(JsonNode state) {
    return switch (state.path("pilot_voltage").asText()) {
      case "volt_12" -> "no car";
      case "volt_9" -> "car connected";
      case "volt_6" -> "car asks for power";
      case "volt_3" -> "car asks for power and ventilation";
      case "fault" -> "pilot fault";
      default -> "not read yet";
    };
  }

  private static double highestAmps(JsonNode state) {
    double highest = 0;
    for (int phase = 1; phase <= 3; phase++) {
      highest = Math.max(highest, state.path("phase%d_amps".formatted(phase)).asDouble());
    }
    return highest;
  }
}
