package dev.evsebridge.app.reload;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The route files as they are on the disk. They are read on a thread that may be lost: a read from
 * a network drive that is away may never return, and nothing can end it. A file that hangs counts
 * as unreadable until its read returns; the others are still looked at.
 *
 * <p>Used by one thread at a time.
 */
final class RouteFiles {

  private static final Logger LOG = LoggerFactory.getLogger(RouteFiles.class);

  private static final String SUFFIX = ".yaml";

  /** What people write by mistake, and Camel would not read either. */
  private static final String NEAR_MISS = ".yml";

  /** The delivered files have some 2 kB. */
  private static final int MAX_LENGTH_BYTES = 1024 * 1024;

  /** Of all files: they are read twice a second, and kept in memory. */
  static final int MAX_TOTAL_BYTES = 8 * 1024 * 1024;

  /** For one file, or for the list of them. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** The folder is looked at twice a second; who looks no more keeps no thread. */
  private static final Duration THREAD_KEPT = Duration.ofSeconds(2);

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  /** Where the files are. */
  interface Disk {

    /** Lists a folder. */
    List<Path> list(Path folder) throws IOException;

    /** Opens a file. */
    InputStream open(Path file) throws IOException;
  }

  private final Path folder;
  private final Disk disk;
  private final Duration patience;
  private final Set<Path> nearMisses = new TreeSet<>();

  /** Reads that have not returned in time. */
  private final Map<Path, Future<?>> hanging = new HashMap<>();

  private ExecutorService reader = newReader();

  RouteFiles(Path folder) {
    this(folder, new RealDisk(), PATIENCE);
  }

  RouteFiles(Path folder, Disk disk, Duration patience) {
    this.folder = folder;
    this.disk = disk;
    this.patience = patience;
  }

  private static ExecutorService newReader() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_KEPT.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "route-files");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /**
   * Reads all of them.
   *
   * @throws IOException when the folder can't be listed
   */
  SortedMap<Path, RouteText> read() throws IOException {
    while (true) {
      hanging.values().removeIf(Future::isDone);
      if (hanging.containsKey(folder)) {
        throw new IOException(hangs());
      }
      Look look = new Look(Set.copyOf(hanging.keySet()));
      Future<SortedMap<Path, RouteText>> reading = reader.submit(look);
      if (returns(reading, look)) {
        SortedMap<Path, RouteText> texts = resultOf(reading);
        look.nearMisses.stream().filter(nearMisses::add).forEach(RouteFiles::tellNearMiss);
        return texts;
      }
      hanging.put(look.at, reading);
      reader.shutdown();
      reader = newReader();
    }
  }

  /** Waits as long as one file after the other is read. */
  private boolean returns(Future<?> reading, Look look) throws IOException {
    Path at;
    do {
      at = look.at;
      try {
        Object unused = reading.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        return true;
      } catch (TimeoutException e) {
        LOG.debug("Still reading {}", look.at);
      } catch (ExecutionException e) {
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
    } while (!at.equals(look.at));
    return false;
  }

  private static SortedMap<Path, RouteText> resultOf(Future<SortedMap<Path, RouteText>> reading)
      throws IOException {
    try {
      return reading.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  private String hangs() {
    return "reading it has not ended within %d ms; is it on a network drive that is away?"
        .formatted(patience.toMillis());
  }

  private static void tellNearMiss(Path file) {
    LOG.warn("{} is not read: the names of route files end with {}", file, SUFFIX);
  }

  /** One look at the folder; shares nothing with later ones, as it may never end. */
  private final class Look implements Callable<SortedMap<Path, RouteText>> {
    private final Set<Path> leftAlone;
    private final List<Path> nearMisses = new ArrayList<>();
    private volatile Path at = folder;
    private int leftBytes = MAX_TOTAL_BYTES;

    Look(Set<Path> leftAlone) {
      this.leftAlone = leftAlone;
    }

    @Override
    public SortedMap<Path, RouteText> call() throws IOException {
      SortedMap<Path, RouteText> texts = new TreeMap<>();
      for (Path file : disk.list(folder)) {
        String name = file.getFileName().toString();
        // Editors, tar and network drives leave files that begin with a dot.
        if (name.startsWith(".")) {
          continue;
        }
        if (name.endsWith(NEAR_MISS)) {
          nearMisses.add(file);
        } else if (name.endsWith(SUFFIX)) {
          try {
            texts.put(
                file, leftAlone.contains(file) ? RouteText.unreadable(hangs()) : readOne(file));
          } catch (NoSuchFileException e) {
            LOG.debug("{} has just gone", file);
          }
        }
      }
      return texts;
    }

    private RouteText readOne(Path file) throws NoSuchFileException {
      at = file;
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
          return RouteText.unreadable(
              attributes.isDirectory()
                  ? "it is a folder and not a file"
                  : "it is a pipe, a socket or a device and not a file");
        }
        return text(contentOf(file));
      } catch (NoSuchFileException e) {
        throw e;
      } catch (CharacterCodingException e) {
        return RouteText.unreadable("the file is not UTF-8");
      } catch (IOException e) {
        return RouteText.unreadable("the file can't be read: " + e);
      }
    }

    private byte[] contentOf(Path file) throws IOException {
      try (InputStream content = disk.open(file)) {
        return content.readNBytes(MAX_LENGTH_BYTES + 1);
      }
    }

    private RouteText text(byte[] content) throws CharacterCodingException {
      if (content.length > MAX_LENGTH_BYTES) {
        return RouteText.unreadable("the file is longer than %d bytes".formatted(MAX_LENGTH_BYTES));
      }
      if (content.length > leftBytes) {
        return RouteText.unreadable(
            "the files of the folder are longer than %d bytes together".formatted(MAX_TOTAL_BYTES));
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
      leftBytes -= content.length;
      return RouteText.of(
          !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text);
    }
  }

  private static final class RealDisk implements Disk {
    @Override
    public List<Path> list(Path folder) throws IOException {
      try (Stream<Path> files = Files.list(folder)) {
        return files.sorted().toList();
      }
    }

    @Override
    public InputStream open(Path file) throws IOException {
      return Files.newInputStream(file);
    }
  }
}
