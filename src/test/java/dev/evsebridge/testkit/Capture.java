package dev.evsebridge.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * What a real charger's network code once sent, from {@code captures/*.hex}: a hello, then its
 * answers and a notify, one unit per line.
 */
public record Capture(String name, List<Unit> units) {
  private static final String HELLO = "hello";
  private static final String[] NAMES = {"v2-plain", "v9-plain", "v9-log-fault", "v9-log-full"};

  /** One line: what it is, and its bytes as hex digits. */
  public record Unit(String label, String hex) {
    public byte[] bytes() {
      return HexFormat.of().parseHex(hex);
    }

    public boolean isReading() {
      return label.startsWith("answer-to-collect");
    }
  }

  public static List<Capture> all() {
    return List.of(NAMES).stream().map(Capture::read).toList();
  }

  /** The serial number in the hello. */
  public String serial() {
    return units.get(0).hex().substring(0, 32).toUpperCase(Locale.ROOT);
  }

  public int firmwareVersion() {
    return Integer.parseInt(units.get(0).hex().substring(32), 16);
  }

  public Unit hello() {
    return units.get(0);
  }

  public List<Unit> afterHello() {
    return units.subList(1, units.size());
  }

  public List<Unit> readings() {
    return units.stream().filter(Unit::isReading).toList();
  }

  @Override
  public String toString() {
    return name;
  }

  private static Capture read(String name) {
    String resource = "/captures/" + name + ".hex";
    try (InputStream in = Capture.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource);
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      List<Unit> units =
          lines
              .lines()
              .filter(line -> !line.isBlank() && !line.startsWith("#"))
              .map(line -> line.split(" ", 2))
              .map(parts -> new Unit(parts[0], parts[1].strip()))
              .toList();
      if (!units.get(0).label().equals(HELLO)) {
        throw new IllegalStateException(resource + " does not begin with a hello");
      }
      return new Capture(name, units);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
