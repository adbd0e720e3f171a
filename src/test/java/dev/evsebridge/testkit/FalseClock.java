package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;

/**
 * A wall clock for one process that a test sets as an administrator sets the system's, by
 * libfaketime. The monotonic clock of that process, the ages of files, and all other processes stay
 * as they are.
 */
public final class FalseClock {
  private final Path setting;

  private FalseClock(Path setting) {
    this.setting = setting;
  }

  /** Shows the right time. */
  public static FalseClock right() {
    try {
      Path file = Files.createTempFile("evse-clock-", ".txt");
      file.toFile().deleteOnExit();
      FalseClock clock = new FalseClock(file);
      clock.set(Duration.ZERO);
      return clock;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where libfaketime is installed, if it is. */
  static Optional<Path> library() {
    Path libraries = Path.of("/usr/lib");
    if (!Files.isDirectory(libraries)) {
      return Optional.empty();
    }
    // Debian: one folder for each architecture.
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(libraries)) {
      for (Path folder : folders) {
        Path library = folder.resolve("faketime/libfaketimeMT.so.1");
        if (Files.exists(library)) {
          return Optional.of(library);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has a bridge see this clock. */
  public BridgeProcess.Builder of(BridgeProcess.Builder bridge) {
    return bridge
        .environment("LD_PRELOAD", library().orElseThrow().toString())
        .environment("FAKETIME_TIMESTAMP_FILE", setting.toString())
        .environment("FAKETIME_NO_CACHE", "1")
        .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        // With it, waits of the JVM end at once, and it spins.
        .environment("FAKETIME_FORCE_MONOTONIC_FIX", "0")
        .environment("NO_FAKE_STAT", "1");
  }

  /**
   * Sets it.
   *
   * @param ahead of the right time; negative for behind
   */
  public void set(Duration ahead) {
    try {
      // As a whole: it is read at any moment.
      Path whole = setting.resolveSibling(setting.getFileName() + ".new");
      Files.writeString(whole, "%+d\n".formatted(ahead.toSeconds()));
      Files.move(whole, setting, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
