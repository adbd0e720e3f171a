package dev.evsebridge.app.reload;

import dev.evsebridge.config.ConfigurationException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which files run. The files of the folder are taken together: either all changes take
 * effect, or those that can't be used are refused, file by file, and the others are taken. A
 * refused file goes on as it was; it is tried again whenever something has changed.
 */
public final class RouteReload {

  private static final Logger LOG = LoggerFactory.getLogger(RouteReload.class);

  private final RouteTrial trial;
  private final RouteSwitch routeSwitch;
  private final Consumer<Set<String>> reloaded;

  private record Refusal(@Nullable RouteText text, String reason) {}

  /** What has been refused; each is told once. */
  private final Map<Path, Refusal> refusals = new HashMap<>();

  private SortedMap<Path, RouteText> running = new TreeMap<>();

  /** What a trial has found out about them; null while they have not been tried. */
  private @Nullable TriedRoutes runningRoutes;

  /**
   * Creates the reload; no route is loaded yet.
   *
   * @param trialBeans makes what routes may name once more, with components that never connect
   * @param requiredTargets the {@code direct:} names that the bridge itself sends to
   * @param requiredRoute the route without which no charger can connect
   * @param reloaded is told the ids of routes after they have been reloaded
   */
  public RouteReload(
      CamelContext context,
      Supplier<Map<String, Object>> trialBeans,
      Set<String> requiredTargets,
      String requiredRoute,
      Traffic traffic,
      Consumer<Set<String>> reloaded) {
    this.trial = new RouteTrial(context, trialBeans, requiredTargets, requiredRoute);
    this.routeSwitch = new RouteSwitch(context, traffic);
    this.reloaded = reloaded;
  }

  /**
   * Loads the files of the folder for the first time, into a context that is not started yet. What
   * a folder of an earlier version lacks is taken from the delivered files. A folder that holds
   * just the delivered files is not tried before the first edit: they were tried when the bridge
   * was built, and trying them makes up a third of the start.
   *
   * @throws ConfigurationException when a file can't be used: one line with file, line and reason
   */
  public void start(RouteFolder folder) throws ConfigurationException {
    start(folder, false);
  }

  /**
   * The same, and tries the delivered files as well.
   *
   * @throws ConfigurationException when a file can't be used: one line with file, line and reason
   */
  public void startTried(RouteFolder folder) throws ConfigurationException {
    start(folder, true);
  }

  private void start(RouteFolder folder, boolean tryAlways) throws ConfigurationException {
    try {
      SortedMap<Path, RouteText> files = folder.read();
      if (!tryAlways && folder.isAsDelivered(files)) {
        routeSwitch.addUntried(files);
        running = files;
      } else {
        Snapshot snapshot = tryAll(folder, files);
        routeSwitch.add(snapshot.files(), snapshot.routes());
        running = snapshot.files();
        runningRoutes = snapshot.routes();
      }
    } catch (RouteProblem e) {
      LOG.debug("The routes can't be started", e);
      throw new ConfigurationException(
          (e.file() == null
                  ? "The routes in the folder %s can't be started: %s"
                      .formatted(folder.path(), e.reason())
                  : String.valueOf(e.getMessage()))
              + folder.hint());
    } catch (IOException e) {
      throw new ConfigurationException(
          "The folder %s can't be read: %s".formatted(folder.path(), e));
    }
  }

  /** The very files that were tried: what is edited meanwhile counts at the next look. */
  private record Snapshot(SortedMap<Path, RouteText> files, TriedRoutes routes) {}

  private Snapshot tried(SortedMap<Path, RouteText> files) throws RouteProblem {
    return new Snapshot(files, trial.load(files));
  }

  private Snapshot tryAll(RouteFolder folder, SortedMap<Path, RouteText> files)
      throws RouteProblem, IOException {
    try {
      return tried(files);
    } catch (MissingTarget missing) {
      folder.takeMissing();
      try {
        return tried(folder.read());
      } catch (RouteProblem e) {
        LOG.debug("The delivered routes don't help", e);
        folder.takeNothing();
        throw missing;
      }
    }
  }

  /** The files that run. */
  SortedMap<Path, RouteText> current() {
    return new TreeMap<>(running);
  }

  /**
   * Makes what runs the same as these files, as far as they can be used.
   *
   * @param files all route files of the folder
   */
  void reload(SortedMap<Path, RouteText> files) {
    SortedSet<Path> changed = changes(files);
    refusals.keySet().retainAll(changed);
    while (!changed.isEmpty()) {
      SortedMap<Path, RouteText> wanted = with(changed, files);
      try {
        TriedRoutes before = triedRunning();
        TriedRoutes tried = trial.load(wanted);
        routeSwitch.replace(running, before, wanted, tried);
        running = wanted;
        runningRoutes = tried;
        changed.forEach(file -> tell(file, tried));
        reloaded.accept(idsOf(changed, tried));
        return;
      } catch (RouteProblem e) {
        SortedSet<Path> refused = blame(e, changed);
        refused.forEach(file -> refuse(file, files.get(file), e));
        changed.removeAll(refused);
      }
    }
  }

  private TriedRoutes triedRunning() throws RouteProblem {
    TriedRoutes tried = runningRoutes;
    if (tried == null) {
      tried = trial.load(running);
      runningRoutes = tried;
    }
    return tried;
  }

  private SortedSet<Path> changes(SortedMap<Path, RouteText> files) {
    SortedSet<Path> all = new TreeSet<>(files.keySet());
    all.addAll(running.keySet());
    all.removeIf(file -> Objects.equals(files.get(file), running.get(file)));
    return all;
  }

  private SortedMap<Path, RouteText> with(
      SortedSet<Path> changed, SortedMap<Path, RouteText> files) {
    SortedMap<Path, RouteText> wanted = new TreeMap<>(running);
    for (Path file : changed) {
      RouteText text = files.get(file);
      if (text == null) {
        wanted.remove(file);
      } else {
        wanted.put(file, text);
      }
    }
    return wanted;
  }

  /** The changes to do without; never none, so that the rest comes nearer to what can be used. */
  private SortedSet<Path> blame(RouteProblem problem, SortedSet<Path> changed) {
    Path file = problem.file();
    TriedRoutes before = runningRoutes;
    if (file != null && changed.contains(file)) {
      return new TreeSet<>(Set.of(file));
    }
    if (problem instanceof MissingTarget missing && before != null) {
      for (Path other : changed) {
        // It took what is sent there, and would not any more.
        if (before.directInputsOf(other).contains(missing.target())) {
          return new TreeSet<>(Set.of(other));
        }
      }
    }
    return new TreeSet<>(changed);
  }

  private void refuse(Path file, @Nullable RouteText text, RouteProblem problem) {
    String reason =
        file.equals(problem.file()) ? problem.reason() : String.valueOf(problem.getMessage());
    Refusal refusal = new Refusal(text, reason);
    if (refusal.equals(refusals.put(file, refusal))) {
      return;
    }
    if (text == null) {
      LOG.error(
          "{} is gone, but its routes stay until the bridge is restarted, because without them: {}. Put the file back, or change the others first",
          file,
          reason);
    } else {
      LOG.error("{}, {} - the routes that were running stay as they are", file, reason);
    }
    LOG.debug("{} can't be used", file, problem);
  }

  private void tell(Path file, TriedRoutes tried) {
    refusals.remove(file);
    if (running.containsKey(file)) {
      LOG.info("Loaded {}: routes {}", file, tried.idsOf(file));
    } else {
      LOG.info("Removed the routes of {}", file);
    }
  }

  private static Set<String> idsOf(Set<Path> files, TriedRoutes tried) {
    Set<String> ids = new TreeSet<>();
    files.forEach(file -> ids.addAll(tried.idsOf(file)));
    return ids;
  }
}
