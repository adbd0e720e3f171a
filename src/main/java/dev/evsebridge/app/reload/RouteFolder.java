package dev.evsebridge.app.reload;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder {@code routes}: which of its files hold routes, and what is written in them. */
public final class RouteFolder {

  private static final Logger LOG = LoggerFactory.getLogger(RouteFolder.class);

  private static final String SUFFIX = ".yaml";

  /** What people write by mistake, and Camel would not read either. */
  private static final String NEAR_MISS = ".yml";

  /** The delivered files have some 2 kB. */
  private static final long MAX_LENGTH_BYTES = 1024 * 1024;

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final Path path;
  private final Set<Path> nearMisses = new TreeSet<>();

  /** Creates the view of a folder. */
  public RouteFolder(Path path) {
    this.path = path;
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
    SortedMap<Path, RouteText> texts = new TreeMap<>();
    for (Path file : list()) {
      String name = file.getFileName().toString();
      // Editors, tar and network drives leave files that begin with a dot.
      if (name.startsWith(".") || !Files.isRegularFile(file)) {
        continue;
      }
      if (name.endsWith(SUFFIX)) {
        try {
          texts.put(file, read(file));
        } catch (NoSuchFileException e) {
          LOG.debug("{} has just gone", file);
        }
      } else if (name.endsWith(NEAR_MISS) && nearMisses.add(file)) {
        LOG.warn("{} is not read: the names of route files end with {}", file, SUFFIX);
      }
    }
    return texts;
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files.toList();
    }
  }

  private static RouteText read(Path file) throws NoSuchFileException {
    try {
      if (Files.size(file) > MAX_LENGTH_BYTES) {
        return RouteText.unreadable("the file is longer than %d bytes".formatted(MAX_LENGTH_BYTES));
      }
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
              .toString();
      return RouteText.of(
          !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (CharacterCodingException e) {
      return RouteText.unreadable("the file is not UTF-8");
    } catch (IOException e) {
      return RouteText.unreadable("the file can't be read: " + e);
    }
  }
}
