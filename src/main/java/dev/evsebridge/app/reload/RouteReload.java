package dev.evsebridge.app.reload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.apache.camel.ServiceStatus;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reloads routes when their file has changed. Only the routes of that file are touched; a file that
 * can't be used changes nothing. While routes are reloaded no message is delivered to them, so none
 * meets a route that is not there.
 *
 * <p>Camel's own reloading drops a file's routes before it knows whether the new ones work, and
 * does not notice deleted files.
 */
public final class RouteReload {

  private static final Logger LOG = LoggerFactory.getLogger(RouteReload.class);

  /** Keeps messages away from the routes while they are reloaded. */
  public interface Traffic {
    /** Waits until the routes are idle, at most for a few seconds, and lets nothing more in. */
    void stop(Set<String> routeIds);

    /** Lets messages in again. */
    void resume();
  }

  private final CamelContext context;
  private final RouteTrial trial;
  private final Traffic traffic;
  private final Consumer<Set<String>> reloaded;
  private final Map<Path, RouteFile> loaded = new TreeMap<>();

  /**
   * Creates the reload for routes that Camel has loaded already.
   *
   * @param reloaded is told the ids of routes after they have been reloaded
   */
  public RouteReload(
      CamelContext context,
      Supplier<Component> mqttComponent,
      Traffic traffic,
      Consumer<Set<String>> reloaded) {
    this.context = context;
    this.trial = new RouteTrial(context, mqttComponent);
    this.traffic = traffic;
    this.reloaded = reloaded;
  }

  /**
   * What is known of a file.
   *
   * @param content its text
   * @param routeIds the ids of its routes
   */
  private record RouteFile(String content, Set<String> routeIds) {
    boolean hasConfigurations() {
      return content.contains("routeConfiguration");
    }
  }

  /** Notes that Camel has loaded this file at its start. */
  void running(Path file) throws IOException {
    loaded.put(file, new RouteFile(Files.readString(file), routeIdsOf(file)));
  }

  private Set<String> routeIdsOf(Path file) {
    return model().getRouteDefinitions().stream()
        .filter(route -> isFrom(route.getResource(), file))
        .map(RouteDefinition::getRouteId)
        .collect(Collectors.toSet());
  }

  private ModelCamelContext model() {
    return (ModelCamelContext) context;
  }

  private static boolean isFrom(@Nullable Resource source, Path file) {
    return source != null && absolute(Path.of(source.getURI())).equals(absolute(file));
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  /** The file is new or has been edited. */
  void changed(Path file) throws IOException {
    String content = Files.readString(file);
    RouteFile old = loaded.get(file);
    if (old != null && old.content().equals(content)) {
      return;
    }
    Set<String> ids;
    try {
      ids = trial.load(resource(file, content));
      requireOwnIds(file, ids);
    } catch (Exception e) {
      refuse(file, content, e);
      return;
    }
    RouteFile fresh = new RouteFile(content, ids);
    Map<Path, RouteFile> affected = new LinkedHashMap<>();
    affected.put(file, fresh);
    if (fresh.hasConfigurations() || (old != null && old.hasConfigurations())) {
      // What is configured for all routes takes effect when they are built.
      loaded.forEach(
          (other, routes) -> {
            if (routes.routeIds().stream().noneMatch(this::listensForChargers)) {
              affected.putIfAbsent(other, routes);
            }
          });
    }
    reload(file, old, fresh, affected);
  }

  /** Rebuilding the listener would cut all chargers off. */
  private boolean listensForChargers(String routeId) {
    RouteDefinition route = model().getRouteDefinition(routeId);
    return route != null && route.getInput().getEndpointUri().startsWith("netty:");
  }

  private void requireOwnIds(Path file, Set<String> ids) {
    for (Map.Entry<Path, RouteFile> other : loaded.entrySet()) {
      if (!other.getKey().equals(file)) {
        for (String id : ids) {
          if (other.getValue().routeIds().contains(id)) {
            throw new IllegalArgumentException(
                "the route id %s is used in %s already".formatted(id, other.getKey()));
          }
        }
      }
    }
  }

  private void reload(
      Path file, @Nullable RouteFile old, RouteFile fresh, Map<Path, RouteFile> affected) {
    Set<String> before = old == null ? Set.of() : old.routeIds();
    Set<String> idle = new HashSet<>(before);
    affected.values().forEach(routes -> idle.addAll(routes.routeIds()));
    traffic.stop(idle);
    try {
      removeRoutes(minus(before, fresh.routeIds()));
      PluginHelper.getRoutesLoader(context).updateRoutes(resources(affected));
      requireStarted(fresh.routeIds());
      loaded.put(file, fresh);
      LOG.info("Loaded {}: routes {}", file, fresh.routeIds());
    } catch (Exception e) {
      refuse(file, fresh.content(), e);
      restore(file, old, fresh);
    } finally {
      traffic.resume();
    }
    reloaded.accept(affectedIds(affected));
  }

  private static Set<String> affectedIds(Map<Path, RouteFile> affected) {
    Set<String> ids = new HashSet<>();
    affected.values().forEach(routes -> ids.addAll(routes.routeIds()));
    return ids;
  }

  private void requireStarted(Set<String> ids) throws IOException {
    for (String id : ids) {
      ServiceStatus status = context.getRouteController().getRouteStatus(id);
      boolean wanted = !"false".equals(model().getRouteDefinition(id).getAutoStartup());
      if (wanted && !ServiceStatus.Started.equals(status)) {
        Throwable cause = context.getRouteController().supervising().getRestartException(id);
        throw new IOException("route %s could not be started".formatted(id), cause);
      }
    }
  }

  private void restore(Path file, @Nullable RouteFile old, RouteFile failed) {
    try {
      removeRoutes(old == null ? failed.routeIds() : minus(failed.routeIds(), old.routeIds()));
      if (old != null) {
        PluginHelper.getRoutesLoader(context).updateRoutes(List.of(resource(file, old.content())));
      }
    } catch (Exception e) {
      LOG.error("Could not restore the routes of {}: restart the bridge", file, e);
    }
  }

  /** The file is gone. */
  void deleted(Path file) {
    RouteFile old = loaded.remove(file);
    if (old == null) {
      return;
    }
    traffic.stop(old.routeIds());
    try {
      removeRoutes(old.routeIds());
      LOG.info("Removed the routes of {}: {}", file, old.routeIds());
    } catch (Exception e) {
      LOG.error("Could not remove the routes of {}: restart the bridge", file, e);
    } finally {
      traffic.resume();
    }
  }

  private void refuse(Path file, String content, Exception e) {
    LOG.error(
        "{}, {} - the routes that were running stay as they are",
        file,
        RouteFault.describe(content, e));
    LOG.debug("{} can't be used", file, e);
  }

  private void removeRoutes(Set<String> ids) throws Exception {
    for (String id : ids) {
      context.getRouteController().stopRoute(id, 1, TimeUnit.SECONDS);
      boolean unused = context.removeRoute(id);
      RouteDefinition definition = model().getRouteDefinition(id);
      if (definition != null) {
        model().removeRouteDefinition(definition);
      }
    }
  }

  private static Set<String> minus(Set<String> ids, Set<String> others) {
    Set<String> rest = new HashSet<>(ids);
    rest.removeAll(others);
    return rest;
  }

  private static List<Resource> resources(Map<Path, RouteFile> files) {
    return files.entrySet().stream()
        .map(entry -> resource(entry.getKey(), entry.getValue().content()))
        .toList();
  }

  static Resource resource(Path file, String content) {
    return ResourceHelper.fromString("file:" + file, content);
  }
}
