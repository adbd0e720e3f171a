package dev.evsebridge.app.reload;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.RouteConfigurationsBuilder;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.ServiceStatus;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces one set of running routes by another: afterwards all of the new set run, or all of the
 * old one. Only routes that differ are touched, and those whose configuration differs.
 *
 * <p>Files that carry traffic are replaced while it is paused. The others, such as those with a
 * timer and a broker of their own, are replaced before and after, so that whatever they wait for
 * holds nothing up.
 */
final class RouteSwitch {

  private static final Logger LOG = LoggerFactory.getLogger(RouteSwitch.class);

  /** Routes that carry traffic have been idle before. */
  private static final long STOP_MILLIS = 200;

  private final CamelContext context;
  private final Traffic traffic;

  RouteSwitch(CamelContext context, Traffic traffic) {
    this.context = context;
    this.traffic = traffic;
  }

  /** The same for files of which nothing has been found out yet: any may configure routes. */
  void addUntried(SortedMap<Path, RouteText> files) throws RouteProblem {
    add(files, new TriedRoutes(Map.of(), files.keySet(), Set.of(), Set.of(), Map.of()));
  }

  /** Adds routes to a context without any that is not started yet. */
  void add(SortedMap<Path, RouteText> files, TriedRoutes routes) throws RouteProblem {
    Parsed parsed = new Parsed(files, routes, files.keySet());
    parsed.configure();
    for (Path file : files.keySet()) {
      parsed.addRoutes(file);
    }
  }

  /**
   * Replaces what runs.
   *
   * @throws RouteProblem when routes can't be started; the old ones run then
   */
  void replace(
      SortedMap<Path, RouteText> oldFiles,
      TriedRoutes oldRoutes,
      SortedMap<Path, RouteText> newFiles,
      TriedRoutes newRoutes)
      throws RouteProblem {
    SortedSet<Path> affected = affected(oldFiles, oldRoutes, newFiles, newRoutes);
    Parsed fresh = new Parsed(newFiles, newRoutes, affected);
    Parsed back = new Parsed(oldFiles, oldRoutes, affected);
    SortedSet<Path> carrying = new TreeSet<>(affected);
    carrying.removeIf(
        file -> !oldRoutes.carrying().contains(file) && !newRoutes.carrying().contains(file));
    try {
      change(oldRoutes, fresh, affected, carrying);
    } catch (RouteProblem e) {
      restore(newRoutes, back, affected, carrying);
      throw e;
    }
  }

  private void restore(
      TriedRoutes failed, Parsed back, SortedSet<Path> affected, SortedSet<Path> carrying) {
    try {
      change(failed, back, affected, carrying);
    } catch (RouteProblem e) {
      LOG.error("Could not restore the routes: restart the bridge. {}", e.getMessage());
    }
  }

  private static SortedSet<Path> affected(
      SortedMap<Path, RouteText> oldFiles,
      TriedRoutes oldRoutes,
      SortedMap<Path, RouteText> newFiles,
      TriedRoutes newRoutes) {
    SortedSet<Path> all = new TreeSet<>(oldFiles.keySet());
    all.addAll(newFiles.keySet());
    SortedSet<Path> changed = new TreeSet<>(all);
    changed.removeIf(
        file -> newFiles.containsKey(file) && newFiles.get(file).equals(oldFiles.get(file)));
    boolean configurationsChanged =
        changed.stream()
            .anyMatch(
                file ->
                    oldRoutes.configuring().contains(file)
                        || newRoutes.configuring().contains(file));
    if (!configurationsChanged) {
      return changed;
    }
    // What is configured for all routes takes effect when they are built. The listener is left
    // out: building it anew would close all charger connections.
    all.removeIf(file -> !changed.contains(file) && newRoutes.listening().contains(file));
    return all;
  }

  private void change(
      TriedRoutes from, Parsed to, SortedSet<Path> affected, SortedSet<Path> carrying)
      throws RouteProblem {
    SortedSet<Path> others = new TreeSet<>(affected);
    others.removeAll(carrying);
    for (Path file : others) {
      remove(file, from.idsOf(file));
    }
    if (!carrying.isEmpty()) {
      Set<String> ids = new TreeSet<>();
      carrying.forEach(file -> ids.addAll(from.idsOf(file)));
      traffic.pause(ids);
    }
    try {
      for (Path file : carrying) {
        remove(file, from.idsOf(file));
      }
      to.configure();
      for (Path file : carrying) {
        to.addRoutes(file);
      }
    } finally {
      if (!carrying.isEmpty()) {
        traffic.resume();
      }
    }
    for (Path file : others) {
      to.addRoutes(file);
    }
  }

  private void remove(Path file, Set<String> ids) throws RouteProblem {
    try {
      for (String id : ids) {
        if (context.getRouteController().getRouteStatus(id) != null) {
          context.getRouteController().stopRoute(id, STOP_MILLIS, TimeUnit.MILLISECONDS);
          boolean unused = context.removeRoute(id);
        }
        RouteDefinition definition = model().getRouteDefinition(id);
        if (definition != null) {
          model().removeRouteDefinition(definition);
        }
      }
    } catch (Exception e) {
      throw new RouteProblem(file, "its routes can't be stopped: " + e, e);
    }
  }

  private ModelCamelContext model() {
    return (ModelCamelContext) context;
  }

  /** A set of files, parsed before anything is stopped. */
  private final class Parsed {
    private final SortedMap<Path, RouteText> files;
    private final TriedRoutes routes;
    private final Map<Path, RoutesBuilder> builders = new TreeMap<>();

    Parsed(SortedMap<Path, RouteText> files, TriedRoutes routes, Set<Path> wanted)
        throws RouteProblem {
      this.files = files;
      this.routes = routes;
      for (Path file : files.keySet()) {
        if (wanted.contains(file) || routes.configuring().contains(file)) {
          try {
            builders.put(file, RouteSource.parse(context, file, text(file)));
          } catch (Exception e) {
            throw problem(file, e);
          }
        }
      }
    }

    private String text(Path file) {
      return Objects.requireNonNull(files.get(file)).text();
    }

    private RouteProblem problem(Path file, Exception e) {
      return new RouteProblem(file, RouteFault.describe(text(file), e), e);
    }

    /** Puts the configurations of these files in the place of all others. */
    void configure() throws RouteProblem {
      model().getRouteConfigurationDefinitions().clear();
      for (Path file : routes.configuring()) {
        try {
          context.addRoutesConfigurations((RouteConfigurationsBuilder) builders.get(file));
        } catch (Exception e) {
          throw problem(file, e);
        }
      }
    }

    void addRoutes(Path file) throws RouteProblem {
      RoutesBuilder builder = builders.get(file);
      if (builder == null) {
        return;
      }
      try {
        if (context.isStarted()) {
          // Other than adding routes, this has the supervising route controller start them.
          var unused = builder.updateRoutesToCamelContext(context);
        } else {
          context.addRoutes(builder);
        }
      } catch (Exception e) {
        throw problem(file, e);
      }
      if (context.isStarted()) {
        requireStarted(file);
      }
    }

    private boolean startsByItself(String id) {
      String autoStartup = model().getRouteDefinition(id).getAutoStartup();
      return autoStartup == null
          || !"false".equals(context.resolvePropertyPlaceholders(autoStartup));
    }

    private void requireStarted(Path file) throws RouteProblem {
      for (String id : routes.idsOf(file)) {
        ServiceStatus status = context.getRouteController().getRouteStatus(id);
        if (startsByItself(id) && !ServiceStatus.Started.equals(status)) {
          Throwable cause = context.getRouteController().supervising().getRestartException(id);
          String reason =
              cause == null ? "its state is " + status : RouteFault.describe(text(file), cause);
          throw new RouteProblem(
              file, "route %s can't be started: %s".formatted(id, reason), cause);
        }
      }
    }
  }
}
