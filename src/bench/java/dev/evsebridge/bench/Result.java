package dev.evsebridge.bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What one run gave: one line of JSON in the results file. */
record Result(String target, Scenario scenario, Map<String, Double> figures) {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  double figure(String name) {
    return figures.getOrDefault(name, Double.NaN);
  }

  void append(Path file) throws IOException {
    Files.writeString(
        file,
        MAPPER.writeValueAsString(this) + System.lineSeparator(),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  static List<Result> readAll(Path file) throws IOException {
    List<Result> results = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      results.add(MAPPER.readValue(line, Result.class));
    }
    return results;
  }
}
