package dev.evsebridge.app.reload;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The route files that versions of the bridge are delivered with: this one's with their texts, and
 * former ones' as far as one must know them again. Read when they are first asked for.
 */
public final class DeliveredRoutes {

  /** As sha256sum writes it: the checksum, and version and name of the file. */
  private static final String FORMER = "former-routes.sha256";

  private static final Pattern ROUTE_ID = Pattern.compile("(?m)^    id: (\\S+)$");
  private static final Pattern ANY_ID = Pattern.compile("(?m)^[\\s-]*id: *[\"']?([^\"'\\s#]+)");

  private final Supplier<SortedMap<String, String>> files;
  private @Nullable SortedMap<String, String> current;
  private @Nullable Map<String, Former> former;

  private record Former(String version, String name) {}

  /**
   * Creates the view.
   *
   * @param files this version's: name and text
   */
  public DeliveredRoutes(Supplier<SortedMap<String, String>> files) {
    this.files = files;
  }

  /** The files of this version: name and text. */
  public synchronized SortedMap<String, String> current() {
    if (current == null) {
      current = files.get();
    }
    return current;
  }

  /** Whether this is what an earlier version was delivered with, and nobody has edited it. */
  public boolean isOfEarlierVersion(String text) {
    // Whoever keeps the files in Git on Windows has other line ends.
    return former().containsKey(sha256(text.replace("\r\n", "\n")));
  }

  /** The last version that was delivered with another file of this name, if there is one. */
  @Nullable String earlierVersionOf(String name) {
    return former().values().stream()
        .filter(each -> each.name().equals(name))
        .map(Former::version)
        .reduce((before, last) -> last)
        .orElse(null);
  }

  private synchronized Map<String, Former> former() {
    if (former == null) {
      former = readFormer();
    }
    return former;
  }

  /**
   * The files that a folder lacks.
   *
   * @param names of the files that are there
   * @param texts of them; whoever has put a route into a file of another name needs none for it
   */
  public SortedMap<String, String> missingBeside(Set<String> names, Collection<String> texts) {
    Set<String> ids =
        texts.stream().flatMap(text -> matches(ANY_ID, text)).collect(Collectors.toSet());
    SortedMap<String, String> missing = new TreeMap<>(current());
    missing.keySet().removeAll(names);
    missing.values().removeIf(text -> matches(ROUTE_ID, text).anyMatch(ids::contains));
    return missing;
  }

  private static Stream<String> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().map((MatchResult match) -> match.group(1));
  }

  private static Map<String, Former> readFormer() {
    Map<String, Former> bySum = new LinkedHashMap<>();
    try (InputStream content =
            Objects.requireNonNull(DeliveredRoutes.class.getResourceAsStream(FORMER), FORMER);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(content, StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] parts = line.split("[ /]+", -1);
        bySum.put(parts[0], new Former(parts[1], parts[2]));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bySum;
  }

  private static String sha256(String text) {
    try {
      byte[] sum =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sum);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
