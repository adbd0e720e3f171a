package dev.evsebridge.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small file that says how the process is, for checks from outside that must not connect. It is
 * written anew all the time: one that has grown old says that the process is frozen.
 *
 * <p>Each line is a key, {@code =} and a value: {@code at}, seconds since 1970; {@code up}, seconds
 * since the machine was started, which no change of the clock moves; {@code pid}; {@code started},
 * when the process was started, in the unit of {@code /proc/PID/stat}, so that a file of an earlier
 * process is not taken for one of this; and what is to be said.
 */
public final class HeartbeatFile {

  private static final Logger LOG = LoggerFactory.getLogger(HeartbeatFile.class);

  /** Always as long: then it is overwritten at one stroke, also on a disk that is full. */
  private static final int LENGTH_BYTES = 256;

  /** Of {@code /proc/PID/stat}, counted after the name, which may hold spaces. */
  private static final int START_TIME = 19;

  private final Path file;
  private final Clock clock;
  private final long processId = ProcessHandle.current().pid();
  private final String startTime = startTime();
  private boolean failed;

  /** Creates it; nothing is written yet. */
  public HeartbeatFile(Path file) {
    this(file, Clock.systemUTC());
  }

  HeartbeatFile(Path file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  private static String startTime() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[START_TIME];
    } catch (IOException | RuntimeException e) {
      LOG.debug("This system does not say when a process was started", e);
      return "";
    }
  }

  private static String secondsUp() {
    try {
      return Files.readString(Path.of("/proc/uptime")).split("\\.", 2)[0];
    } catch (IOException e) {
      LOG.debug("This system does not say when it was started", e);
      return "";
    }
  }

  /**
   * Writes it, or deletes it where that fails: then nobody knows how the process is.
   *
   * @param lines what is to be said
   */
  public void write(String lines) {
    String text =
        "at=%d\nup=%s\npid=%d\nstarted=%s\n%s"
            .formatted(clock.instant().getEpochSecond(), secondsUp(), processId, startTime, lines);
    byte[] padded = (text + "\n".repeat(LENGTH_BYTES)).getBytes(StandardCharsets.US_ASCII);
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        int unused = channel.write(ByteBuffer.wrap(padded, 0, LENGTH_BYTES), 0);
      }
      failed = false;
    } catch (IOException e) {
      if (!failed) {
        LOG.warn(
            "Can't write {} (bridge.state_dir): {}. The health check will say unhealthy",
            file,
            e.toString());
      }
      failed = true;
      // Left there, it would say that the process is frozen.
      delete();
    }
  }

  /** Nothing more is said, because the process ends in order. */
  public void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.debug("Can't delete {}", file, e);
    }
  }
}
