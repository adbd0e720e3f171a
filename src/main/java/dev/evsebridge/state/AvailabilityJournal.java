package dev.evsebridge.state;

import dev.evsebridge.runtime.WholeFile;
import dev.evsebridge.runtime.WriteTrouble;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private boolean unreadable;
  private final WriteTrouble trouble =
      new WriteTrouble(
          LOG, "After a crash of the bridge, chargers that are gone may still read online");

  AvailabilityJournal(Path file) {
    this.file = file;
  }

  /** Reads what an earlier run has left. */
  Set<String> open() {
    try {
      if (Files.exists(file)) {
        replayAll(Files.readAllBytes(file));
      }
    } catch (IOException e) {
      unreadable = true;
      LOG.error(
          "Can't read {} (bridge.state_dir): {}. Nothing is written over it; chargers that are gone"
              + " may still read online until the bridge is started again and can read it",
          file,
          e.toString());
    }
    mend();
    return Set.copyOf(online);
  }

  /** What a crash or a bad disk has spoilt costs the lines that it is in, and no other. */
  private void replayAll(byte[] content) {
    int spoilt = 0;
    int begin = 0;
    for (int end = 0; end < content.length; end++) {
      if (content[end] == '\n') {
        if (!replay(ByteBuffer.wrap(content, begin, end - begin))) {
          spoilt++;
        }
        begin = end + 1;
      }
    }
    if (begin < content.length) {
      // Nothing ended this line: it was cut off.
      spoilt++;
    }
    if (spoilt > 0) {
      LOG.warn("{}: left out {} lines that can't be read (bridge.state_dir)", file, spoilt);
    }
  }

  private boolean replay(ByteBuffer bytes) {
    String line;
    try {
      line = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      return false;
    }
    if (line.length() < 2 || line.chars().anyMatch(Character::isISOControl)) {
      return false;
    }
    String clientId = line.substring(1);
    return switch (line.charAt(0)) {
      case '+' -> {
        online.add(clientId);
        yield true;
      }
      case '-' -> {
        online.remove(clientId);
        yield true;
      }
      default -> false;
    };
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

  /** What has been written survives a power cut from now on. */
  void flush() {
    if (channel != null) {
      try {
        channel.force(false);
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  private void append(char sign, String clientId) {
    if (channel == null) {
      // With all others, once there is room again.
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

  /**
   * Writes everything anew if something could not be written before: a full disk may have room
   * again. To be called now and then.
   */
  void mend() {
    if (channel == null && !unreadable) {
      try {
        rewrite();
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  /** A power cut leaves the old file or the new one. */
  private void rewrite() throws IOException {
    close();
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    String content = online.stream().map(id -> "+" + id + "\n").collect(Collectors.joining());
    WholeFile.replace(file, content.getBytes(StandardCharsets.UTF_8));
    channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    lines = online.size();
    trouble.worked(file);
  }

  private static void write(FileChannel to, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      int unused = to.write(bytes);
    }
  }

  private void fail(IOException e) {
    trouble.failed(file, e);
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
