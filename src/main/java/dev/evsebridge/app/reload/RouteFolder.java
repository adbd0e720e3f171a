package dev.evsebridge.app.reload;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The folder {@code routes}: which of its files hold routes, and what is written in them. A folder
 * of an earlier version is seen as if it had been brought up to date: for a file that nobody has
 * edited since, this version's counts, and once {@link #takeMissing} has been called, those that it
 * lacks are taken from what this version is delivered with.
 */
public final class RouteFolder {

  private final Path path;
  private final RouteFiles files;
  private final @Nullable DeliveredRoutes delivered;

  /** What is written in the folder, at the last look. */
  private SortedMap<Path, RouteText> written = new TreeMap<>();

  /** The same, brought up to date. */
  private SortedMap<Path, RouteText> upToDate = new TreeMap<>();

  /** What the folder lacked; a file that turns up there counts from then on. */
  private final SortedMap<Path, RouteText> taken = new TreeMap<>();

  private final SortedSet<String> replaced = new TreeSet<>();
  private final SortedSet<String> leftOut = new TreeSet<>();

  /** Creates the view of a folder whose files are taken as they are. */
  public RouteFolder(Path path) {
    this(path, null);
  }

  /**
   * Creates the view of a folder that may be of an earlier version.
   *
   * @param delivered what this version is delivered with
   */
  public RouteFolder(Path path, @Nullable DeliveredRoutes delivered) {
    this(path, delivered, new RouteFiles(path));
  }

  RouteFolder(Path path, @Nullable DeliveredRoutes delivered, RouteFiles files) {
    this.path = path;
    this.files = files;
    this.delivered = delivered;
  }

  Path path() {
    return path;
  }

  /**
   * Reads all route files. The contents are compared instead of times and lengths: an edit may
   * leave both as they were.
   *
   * @throws IOException when the folder can't be listed
   */
  SortedMap<Path, RouteText> read() throws IOException {
    SortedMap<Path, RouteText> now = files.read();
    if (!now.equals(written)) {
      written = now;
      upToDate = bringUpToDate(now);
      taken.keySet().removeAll(now.keySet());
    }
    SortedMap<Path, RouteText> texts = new TreeMap<>(upToDate);
    texts.putAll(taken);
    return texts;
  }

  private SortedMap<Path, RouteText> bringUpToDate(SortedMap<Path, RouteText> texts) {
    SortedMap<Path, RouteText> upToDate = new TreeMap<>(texts);
    replaced.clear();
    leftOut.clear();
    if (delivered != null) {
      texts.forEach(
          (file, text) -> {
            String name = file.getFileName().toString();
            String newer = delivered.current().get(name);
            if (text.fault() == null
                && !text.text().equals(newer)
                && delivered.isOfEarlierVersion(text.text())) {
              if (newer == null) {
                upToDate.remove(file);
                leftOut.add(name);
              } else {
                upToDate.put(file, RouteText.of(newer));
                replaced.add(name);
              }
            }
          });
    }
    return upToDate;
  }

  /** Whether these files are just those that this version is delivered with. */
  boolean isAsDelivered(SortedMap<Path, RouteText> files) {
    if (delivered == null) {
      return false;
    }
    SortedMap<String, RouteText> byName = new TreeMap<>();
    files.forEach((file, text) -> byName.put(file.getFileName().toString(), text));
    SortedMap<String, RouteText> own = new TreeMap<>();
    delivered.current().forEach((name, text) -> own.put(name, RouteText.of(text)));
    return byName.equals(own);
  }

  /** From now on, what the folder lacks is taken from what this version is delivered with. */
  void takeMissing() {
    if (delivered != null) {
      missing(delivered).forEach((name, text) -> taken.put(path.resolve(name), RouteText.of(text)));
    }
  }

  /** Gives back what was taken. */
  void takeNothing() {
    taken.clear();
  }

  /** In one line, what runs that is not written in the folder; null where it all is. */
  public @Nullable String differences() {
    if (taken.isEmpty() && replaced.isEmpty() && leftOut.isEmpty()) {
      return null;
    }
    StringBuilder line = new StringBuilder("Not all routes come from %s/".formatted(path));
    if (!taken.isEmpty()) {
      List<String> names =
          taken.keySet().stream().map(file -> file.getFileName().toString()).toList();
      line.append("; missing there and taken from the jar: %s".formatted(String.join(", ", names)));
    }
    if (!replaced.isEmpty()) {
      line.append(
          "; unedited there since an earlier version and replaced by the jar's: %s"
              .formatted(String.join(", ", replaced)));
    }
    if (!leftOut.isEmpty()) {
      line.append("; no longer used: %s".formatted(String.join(", ", leftOut)));
    }
    return line.append(". --init writes the new files there, to be edited").toString();
  }

  /** What may be to do where the folder seems to be of an earlier version; or nothing. */
  String hint() {
    if (delivered == null || missing(delivered).isEmpty()) {
      return "";
    }
    List<String> edited = new ArrayList<>();
    upToDate.forEach(
        (file, text) -> {
          String name = file.getFileName().toString();
          String version = delivered.earlierVersionOf(name);
          if (version != null && !text.text().equals(delivered.current().get(name))) {
            edited.add("%s (%s)".formatted(file, version));
          }
        });
    return edited.isEmpty()
        ? ""
        : ". Edited files of an earlier version need changes, see CHANGELOG.md: "
            + String.join(", ", edited);
  }

  private SortedMap<String, String> missing(DeliveredRoutes delivered) {
    Set<String> names = new TreeSet<>();
    written.keySet().forEach(file -> names.add(file.getFileName().toString()));
    List<String> texts = upToDate.values().stream().map(RouteText::text).toList();
    return delivered.missingBeside(names, texts);
  }
}
