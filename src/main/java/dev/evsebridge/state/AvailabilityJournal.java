package dev.evsebridge.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers on disk which chargers the broker's retained store shows as online, so that after a
 * crash they can be taken back. The bridge may not read its own topics at the broker: two access
 * rules are to be enough.
 *
 * <p>Each line of the file is {@code +} or {@code -} and a client id. Used by one thread.
 */
final class AvailabilityJournal implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(AvailabilityJournal.class);
  private static final int SPARE_LINES = 1_000;

  private final Path file;
  private final Set<String> online = new LinkedHashSet<>();
  private @Nullable FileChannel channel;
  private int lines;

  AvailabilityJournal(Path file) {
    this.file = file;
  }

  /** Reads what an earlier run has left. */
  Set<String> open() {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file)) {
          replay(line);
        }
      }
      rewrite();
    } catch (IOException e) {
      fail(e);
    }
    return Set.copyOf(online);
  }

  private void replay(String line) {
    if (line.length() > 1 && line.charAt(0) == '+') {
      online.add(line.substring(1));
    } else if (line.length() > 1) {
      online.remove(line.substring(1));
    }
  }

  void add(String clientId) {
    if (online.add(clientId)) {
      append('+', clientId);
    }
  }

  void remove(String clientId) {
    if (online.remove(clientId)) {
      append('-', clientId);
    }
  }

  Set<String> online() {
    return online;
  }

  private void append(char sign, String clientId) {
    if (channel == null) {
      return;
    }
    try {
      if (++lines > 2 * online.size() + SPARE_LINES) {
        rewrite();
      } else {
        write(channel, sign + clientId + "\n");
      }
    } catch (IOException e) {
      fail(e);
    }
  }

  private void rewrite() throws IOException {
    close();
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    String content = online.stream().map(id -> "+" + id + "\n").collect(Collectors.joining());
    Files.writeString(fresh, content);
    Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    lines = online.size();
  }

  private static void write(FileChannel to, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      int unused = to.write(bytes);
    }
  }

  private void fail(IOException e) {
    LOG.warn(
        "Can't write {} (bridge.state_dir): {}. After a crash of the bridge, chargers that are gone may still read online",
        file,
        e.toString());
    close();
  }

  @Override
  public void close() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("Can't close {}", file, e);
      }
      channel = null;
    }
  }
}
