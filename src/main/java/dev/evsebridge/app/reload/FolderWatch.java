package dev.evsebridge.app.reload;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for changed route files and has the whole folder reloaded once it has settled. The folder
 * is looked at twice a second instead of being watched: that works on mounted folders too.
 */
public final class FolderWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FolderWatch.class);

  private static final Duration PERIOD = Duration.ofMillis(500);

  /** Somebody may still be writing. */
  private static final int LOOKS_AT_AN_EDIT = 2;

  /** Editors and uploads take a file away for a moment: it counts as deleted after 2 s. */
  private static final int LOOKS_AT_A_DELETION = 5;

  /** A file that is written all the time must not keep the others from being reloaded. */
  private static final int MOST_LOOKS = 20;

  private final RouteFolder folder;
  private final RouteReload reload;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("route-reload", true));

  private SortedMap<Path, RouteText> settled = new TreeMap<>();
  private SortedMap<Path, RouteText> last = new TreeMap<>();
  private int looksAlike;
  private int looksUnsettled;
  private @Nullable String unreadable;

  /** Creates the watch for a folder whose routes are running already. */
  public FolderWatch(RouteFolder folder, RouteReload reload) {
    this.folder = folder;
    this.reload = reload;
  }

  /** Begins to look for changes. */
  public void start() {
    settled = reload.current();
    executor.scheduleWithFixedDelay(
        this::lookSafely, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whatever a file holds, the next one must still be seen. */
  private void lookSafely() {
    try {
      look();
    } catch (Throwable e) {
      LOG.error("Fault while looking for changed routes; the running ones stay as they are", e);
    }
  }

  /** To be called periodically. */
  void look() {
    SortedMap<Path, RouteText> now;
    try {
      now = folder.read();
      unreadable = null;
    } catch (InterruptedIOException e) {
      LOG.debug("The watch has been closed");
      return;
    } catch (IOException e) {
      tellUnreadable(e);
      return;
    }
    looksAlike = now.equals(last) ? looksAlike + 1 : 1;
    SortedMap<Path, RouteText> before = last;
    last = now;
    if (now.equals(settled)) {
      looksUnsettled = 0;
      return;
    }
    looksUnsettled++;
    boolean somethingIsGone = !now.keySet().containsAll(settled.keySet());
    if (looksAlike >= (somethingIsGone ? LOOKS_AT_A_DELETION : LOOKS_AT_AN_EDIT)) {
      settle(now);
    } else if (looksUnsettled >= MOST_LOOKS) {
      settle(withoutUnsettled(now, before));
    }
  }

  private void settle(SortedMap<Path, RouteText> files) {
    looksUnsettled = 0;
    if (!files.equals(settled)) {
      settled = files;
      reload.reload(files);
    }
  }

  /** What has changed since the last look stays as it was when the folder had last settled. */
  private SortedMap<Path, RouteText> withoutUnsettled(
      SortedMap<Path, RouteText> now, SortedMap<Path, RouteText> before) {
    SortedMap<Path, RouteText> files = new TreeMap<>(settled);
    now.forEach(
        (file, text) -> {
          if (text.equals(before.get(file))) {
            files.put(file, text);
          }
        });
    return files;
  }

  private void tellUnreadable(IOException e) {
    String reason = e.toString();
    if (!reason.equals(unreadable)) {
      LOG.warn("The folder {} can't be read: {}. The routes run on", folder.path(), reason);
    }
    unreadable = reason;
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
