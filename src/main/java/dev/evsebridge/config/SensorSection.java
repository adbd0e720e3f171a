package dev.evsebridge.config;

import dev.evsebridge.config.SensorKeys.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what is set under {@code sensors.} for one charger, or for all. */
final class SensorSection {

  static final String TABLE = "sensors";

  private static final String NUMBER = "\\d{1,9}(?:\\.\\d{1,9})?";
  private static final Pattern LINE =
      Pattern.compile("(-?%1$s)\\s*,\\s*(%1$s)\\s*,\\s*(%1$s)".formatted(NUMBER));

  private SensorSection() {}

  static SensorKeys read(SettingReader reader) throws ConfigurationException {
    return new SensorKeys(
        lines(
            reader,
            Setting.SENSORS_CURRENT_L1,
            Setting.SENSORS_CURRENT_L2,
            Setting.SENSORS_CURRENT_L3),
        lines(
            reader,
            Setting.SENSORS_VOLTAGE_L1,
            Setting.SENSORS_VOLTAGE_L2,
            Setting.SENSORS_VOLTAGE_L3));
  }

  private static List<Optional<Line>> lines(SettingReader reader, Setting... phases)
      throws ConfigurationException {
    List<Optional<Line>> lines = new ArrayList<>();
    for (Setting phase : phases) {
      lines.add(
          reader.parsedIfSet(
              phase,
              "it must be offset,slope,divider: three numbers, slope and divider above 0",
              SensorSection::line));
    }
    return lines;
  }

  private static @Nullable Line line(String text) {
    Matcher numbers = LINE.matcher(text);
    if (!numbers.matches()) {
      return null;
    }
    double slope = Double.parseDouble(numbers.group(2));
    double divider = Double.parseDouble(numbers.group(3));
    return slope > 0 && divider > 0
        ? new Line(Double.parseDouble(numbers.group(1)), slope, divider)
        : null;
  }
}
