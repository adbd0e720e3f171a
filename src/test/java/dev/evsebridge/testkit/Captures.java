package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Bytes recorded from the chargers' own network code. */
public final class Captures {

  /** All recordings. */
  public static final List<String> NAMES =
      List.of("v2-plain", "v9-plain", "v9-log-full", "v9-log-fault");

  private Captures() {}

  /**
   * One line of a recording.
   *
   * @param label what the charger was doing
   * @param hex what it sent
   */
  public record Unit(String label, String hex) {}

  /** Reads a recording, unit by unit. */
  public static List<Unit> read(String name) {
    try (InputStream in = Captures.class.getResourceAsStream("/captures/" + name + ".hex")) {
      String text =
          new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" ", -1))
          .map(parts -> new Unit(parts[0], parts[1]))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Everything that was sent, in one piece. */
  public static String hex(String name) {
    StringBuilder hex = new StringBuilder();
    read(name).forEach(unit -> hex.append(unit.hex()));
    return hex.toString();
  }
}
