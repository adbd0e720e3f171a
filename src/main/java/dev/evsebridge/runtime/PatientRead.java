package dev.evsebridge.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads files that the bridge needs while it runs, on threads that may be lost: a read from a
 * network drive that is away may never return, and nothing can end it. Whoever asks waits up to 5
 * s. As long as the read of a file hangs, it is not begun again: each file costs one thread.
 */
public final class PatientRead {

  private static final PatientRead SHARED =
      new PatientRead(Files::newInputStream, Duration.ofSeconds(5));

  /** Where the files are. */
  interface Disk {

    /** Opens a file. */
    InputStream open(Path file) throws IOException;
  }

  /** A file that was not read; the message says why, in words for people. */
  public static final class NotReadException extends IOException {
    private static final long serialVersionUID = 1L;

    NotReadException(String message) {
      super(message);
    }
  }

  private final Disk disk;
  private final Duration patience;

  /** Reads that have not ended, by their files; all that ask for one wait for the same. */
  private final Map<Path, Reading> readings = new ConcurrentHashMap<>();

  PatientRead(Disk disk, Duration patience) {
    this.disk = disk;
    this.patience = patience;
  }

  /**
   * Reads a file.
   *
   * @param mostBytes how long it may be
   * @throws NotReadException when it is longer, is no regular file, or its drive does not respond
   * @throws IOException when it can't be read
   */
  public static byte[] upTo(int mostBytes, Path file) throws IOException {
    return SHARED.read(mostBytes, file);
  }

  byte[] read(int mostBytes, Path file) throws IOException {
    Reading begun = new Reading(mostBytes, file);
    Reading reading = readings.putIfAbsent(file, begun);
    if (reading == null) {
      reading = begun;
      Thread thread = new Thread(begun.task, "file-read");
      thread.setDaemon(true);
      thread.start();
    } else if (reading.mostBytes != mostBytes) {
      throw new NotReadException("it is being read for something else");
    }
    return reading.await();
  }

  private final class Reading {
    private final int mostBytes;
    private final FutureTask<byte[]> task;
    private final long untilNanos = System.nanoTime() + patience.toNanos();

    Reading(int mostBytes, Path file) {
      this.mostBytes = mostBytes;
      this.task =
          new FutureTask<>(
              () -> {
                try {
                  return content(mostBytes, file);
                } finally {
                  readings.remove(file, this);
                }
              });
    }

    byte[] await() throws IOException {
      try {
        // After its time has passed, at once.
        return task.get(untilNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        throw new NotReadException(
            "reading it has not ended within %d ms; is it on a network drive that is away?"
                .formatted(patience.toMillis()));
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException failure) {
          throw failure;
        }
        throw new IOException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
    }
  }

  private byte[] content(int mostBytes, Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      // To open a named pipe waits until somebody writes to it.
      throw new NotReadException(
          attributes.isDirectory()
              ? "it is a folder and not a file"
              : "it is a pipe, a socket or a device and not a file");
    }
    try (InputStream content = disk.open(file)) {
      byte[] read = content.readNBytes(mostBytes + 1);
      if (read.length > mostBytes) {
        throw tooLong(Math.max(read.length, attributes.size()), mostBytes);
      }
      return read;
    }
  }

  private static NotReadException tooLong(long bytes, int mostBytes) {
    return new NotReadException(
        "it has %d bytes and may have %d at most".formatted(bytes, mostBytes));
  }
}
