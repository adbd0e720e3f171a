package dev.evsebridge.testkit;

import static dev.evsebridge.testkit.MqttProbe.onTopic;

import dev.evsebridge.testkit.MqttProbe.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The folder {@code routes/} of a running bridge, as an editor of its files sees it. A file shows
 * that it has been loaded by a marker: a route in it that publishes one message with a text that no
 * other marker has.
 */
public final class RoutesFolder {
  private static final String MARKERS = MqttProbe.MESSAGE_TOPIC + "/markers";

  /** Comes last among the files of the folder. */
  private static final String MARKER_FILE = "z-marker.yaml";

  private static final AtomicInteger LAST_MARKER = new AtomicInteger();

  private final Path folder;
  private final MqttProbe probe;
  private final Map<Path, String> before = new TreeMap<>();

  /**
   * Remembers the files as they are.
   *
   * @param probe hears what the bridge publishes
   */
  public RoutesFolder(BridgeProcess bridge, MqttProbe probe) {
    folder = bridge.directory().resolve("routes");
    this.probe = probe;
    for (Path file : files()) {
      before.put(file, read(file));
    }
  }

  public Path file(String name) {
    return folder.resolve(name);
  }

  public String text(String name) {
    return read(file(name));
  }

  public void write(String name, String text) {
    try {
      Path unused = Files.writeString(file(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void delete(String name) {
    try {
      Files.delete(file(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Renames the file, so that it is no longer in the folder. */
  public void takeAway(String name) {
    move(file(name), aside(name));
  }

  public void bringBack(String name) {
    move(aside(name), file(name));
  }

  private Path aside(String name) {
    return folder.resolveSibling(name + ".aside");
  }

  /** Writes the file with a new marker in it, and returns when the bridge has loaded it. */
  public Message load(String name, String text) {
    String marker = "marker " + LAST_MARKER.incrementAndGet();
    write(
        name,
        text
            + """

            - route:
                id: marker-of-%1$s
                description: Says once that this file has been loaded.
                from:
                  uri: timer:%1$s
                  parameters:
                    delay: 0
                    repeatCount: 1
                  steps:
                    - setBody:
                        constant: %2$s
                    - to:
                        uri: paho-mqtt5:{{mqtt.topic_publish}}/markers
            """
                .formatted(name.replace(".yaml", ""), marker));
    return probe.take(onTopic(MARKERS).and(each -> each.text().equals(marker)));
  }

  /** Returns when the bridge has looked at all files that were written before. */
  public Message awaitLookedAt() {
    return load(MARKER_FILE, "");
  }

  /** All files are again as they were at the beginning. */
  public void putBack() {
    for (Path file : files()) {
      if (!before.containsKey(file)) {
        delete(file.getFileName().toString());
      }
    }
    before.forEach(
        (file, text) -> {
          if (!Files.exists(file) || !text.equals(read(file))) {
            write(file.getFileName().toString(), text);
          }
        });
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void move(Path from, Path to) {
    try {
      Path unused = Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
