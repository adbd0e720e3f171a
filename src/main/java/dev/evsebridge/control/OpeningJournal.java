package dev.evsebridge.control;

import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.WholeFile;
import dev.evsebridge.runtime.WriteTrouble;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The openings that an interlock has to keep in mind over a restart of the bridge: those of the
 * last {@link Interlock#MIN_OFF}, in one file of a line each, a serial number and an instant of
 * wall time. Written on a thread of its own, as a whole, and forced to the disk.
 */
public final class OpeningJournal {

  private static final Logger LOG = LoggerFactory.getLogger(OpeningJournal.class);

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Path file;
  private final Clock clock;
  private final FailStopExecutor executor = new FailStopExecutor("interlock-journal");

  /** Guarded by itself. */
  private final Map<SerialNumber, Instant> openings = new HashMap<>();

  private boolean writes;
  private final WriteTrouble trouble =
      new WriteTrouble(
          LOG, "After a restart, contactors may be closed sooner than 10 s after an opening");

  /**
   * Creates a journal.
   *
   * @param file is created with the first opening, and its folder
   * @param clock wall time, which the file holds
   */
  public OpeningJournal(Path file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /** How long ago the openings were that an earlier run has left; one in the future is now. */
  Map<SerialNumber, Duration> read() {
    Map<SerialNumber, Duration> ages = new HashMap<>();
    if (!Files.exists(file)) {
      return ages;
    }
    try {
      Instant now = clock.instant();
      for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
        String[] parts = line.split(" ", 2);
        if (parts.length == 2 && SerialNumber.isSerialNumber(parts[0])) {
          Duration age = Duration.between(Instant.parse(parts[1]), now);
          ages.put(new SerialNumber(parts[0]), age.isNegative() ? Duration.ZERO : age);
        }
      }
    } catch (IOException | DateTimeException e) {
      LOG.error(
          "Can't read {} (bridge.state_dir): {}. Contactors may be closed sooner than 10 s after an opening before this start",
          file,
          e.toString());
    }
    return ages;
  }

  /** A contactor has just been opened. */
  void opened(SerialNumber serial) {
    synchronized (openings) {
      openings.put(serial, clock.instant());
      if (writes) {
        return;
      }
      writes = true;
    }
    executor.executeUnlessStopped(this::write);
  }

  private void write() {
    StringBuilder lines = new StringBuilder();
    synchronized (openings) {
      writes = false;
      Instant earliest = clock.instant().minus(Interlock.MIN_OFF);
      openings.values().removeIf(opening -> opening.isBefore(earliest));
      openings.forEach(
          (serial, opening) -> lines.append(serial.hex()).append(' ').append(opening).append('\n'));
    }
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      WholeFile.replace(file, lines.toString().getBytes(StandardCharsets.US_ASCII));
      trouble.worked(file);
    } catch (IOException e) {
      trouble.failed(file, e);
    }
  }

  /** Returns when all is on the disk; nothing is written any more. */
  void close() {
    boolean unused = executor.finish(PATIENCE);
  }
}
