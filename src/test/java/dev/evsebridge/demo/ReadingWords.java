package dev.evsebridge.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A charger's reading in words and amperes. */
final class ReadingWords {
  private static final double FLOWING_MILLIAMPS = 1_000;

  /** Offset, slope and divider of each measuring circuit, by its setting's key. */
  private final Map<String, List<Integer>> calibration = new HashMap<>();

  /** Takes settings as {@code sensors.id_<SERIAL>.current_l1 = offset,slope,divider}. */
  ReadingWords(List<String> calibrationSettings) {
    for (String setting : calibrationSettings) {
      int equals = setting.indexOf('=');
      calibration.put(
          setting.substring(0, equals).strip(),
          List.of(setting.substring(equals + 1).strip().split(",", -1)).stream()
              .map(Integer::valueOf)
              .toList());
    }
  }

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

  String of(JsonNode reading) {
    JsonNode measurements = reading.path("measurements");
    String clientId = reading.path("client_id").asText();
    double highest = 0;
    int phases = 0;
    for (int phase = 1; phase <= 3; phase++) {
      double milliamps = milliamps(clientId, phase, measurements);
      highest = Math.max(highest, milliamps);
      phases += milliamps > FLOWING_MILLIAMPS ? 1 : 0;
    }
    return "%s: %s, %s, contactor %s, %s, Wi-Fi %d dBm"
        .formatted(
            shortNameOf(clientId),
            car(measurements.path("pilot_voltage").asText(), phases, highest),
            offer(reading.path("pwm_percent").asInt()),
            reading.path("contactor_state").asBoolean() ? "closed" : "open",
            cable(measurements.path("proximity_pilot_amps").asText()),
            measurements.path("wifi_rssi").asInt());
  }

  private static String car(String pilot, int phases, double milliamps) {
    String state =
        switch (pilot) {
          case "volt_12" -> "no car";
          case "volt_9" -> "car connected";
          case "volt_6" -> phases > 0 ? "car charging" : "car asks for power";
          case "volt_3" ->
              phases > 0 ? "car charging, with ventilation" : "car asks for power and ventilation";
          default -> "pilot fault";
        };
    return phases == 0
        ? state
        : "%s at %s on %d phase%s"
            .formatted(state, amps(milliamps / 1_000), phases, phases == 1 ? "" : "s");
  }

  private static String offer(int dutyCyclePercent) {
    if (dutyCyclePercent < 10 || dutyCyclePercent > 96) {
      return "nothing offered";
    }
    return amps(dutyCyclePercent <= 85 ? dutyCyclePercent * 0.6 : (dutyCyclePercent - 64) * 2.5)
        + " offered";
  }

  private static String cable(String rating) {
    return rating.startsWith("amp_")
        ? "cable for " + rating.substring("amp_".length()) + " A"
        : "no cable";
  }

  private static String amps(double amps) {
    return String.format(Locale.ROOT, "%.1f A", amps);
  }

  private double milliamps(String clientId, int phase, JsonNode measurements) {
    List<Integer> line = calibration.get("sensors.id_%s.current_l%d".formatted(clientId, phase));
    if (line == null) {
      return 0;
    }
    int adc = measurements.path("phase%d_milliamps".formatted(phase)).asInt();
    return Math.max(0, (double) (adc - line.get(0)) * line.get(1) / line.get(2));
  }
}
