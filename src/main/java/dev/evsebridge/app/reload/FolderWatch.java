package dev.evsebridge.app.reload;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for changed route files and has them reloaded. The folder is looked at twice a second
 * instead of being watched: that works on mounted folders too.
 */
public final class FolderWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FolderWatch.class);

  private static final Duration PERIOD = Duration.ofMillis(500);

  private final RouteFolder folder;
  private final RouteReload reload;
  private final Map<Path, RouteFolder.Stamp> seen = new HashMap<>();
  private final Map<Path, RouteFolder.Stamp> unstable = new HashMap<>();
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("route-reload", true));

  /** Creates the watch for a folder whose routes are running already. */
  public FolderWatch(Path folder, RouteReload reload) {
    this.folder = new RouteFolder(folder);
    this.reload = reload;
  }

  /** Notes what is running and begins to look for changes. */
  public void start() throws IOException {
    seen.putAll(folder.stamps());
    for (Path file : seen.keySet()) {
      reload.running(file);
    }
    executor.scheduleWithFixedDelay(
        this::look, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    try {
      Map<Path, RouteFolder.Stamp> now = folder.stamps();
      for (Path gone : Set.copyOf(seen.keySet())) {
        if (!now.containsKey(gone)) {
          seen.remove(gone);
          unstable.remove(gone);
          reload.deleted(gone);
        }
      }
      for (Map.Entry<Path, RouteFolder.Stamp> entry : now.entrySet()) {
        Path file = entry.getKey();
        RouteFolder.Stamp stamp = entry.getValue();
        if (stamp.equals(seen.get(file))) {
          continue;
        }
        // Somebody may still be writing: it counts when two looks have found it the same.
        if (stamp.equals(unstable.put(file, stamp))) {
          unstable.remove(file);
          seen.put(file, stamp);
          reload.changed(file);
        }
      }
    } catch (IOException e) {
      LOG.debug("Could not look at {}", folder.path(), e);
    } catch (RuntimeException e) {
      LOG.error("Fault while looking for changed routes", e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
