package dev.evsebridge.app.reload;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.camel.Endpoint;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.BeanDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;

/**
 * Checks what only shows when all routes are there: whether every bean, method and {@code direct:}
 * name that a step mentions exists, and what the bridge itself needs. Finds out where messages
 * pass.
 */
final class RouteChecks {
  private final DefaultCamelContext context;
  private final Set<Path> files;
  private final Map<String, Path> fileOfRoute;
  private final Map<String, String> routeOfInput = new HashMap<>();
  private final Map<String, Set<String>> targetsOfRoute = new HashMap<>();
  private final Map<Path, Set<String>> directInputs = new TreeMap<>();

  /**
   * Creates the checks.
   *
   * @param context in which the routes have been built
   */
  RouteChecks(DefaultCamelContext context, Set<Path> files, Map<String, Path> fileOfRoute) {
    this.context = context;
    this.files = files;
    this.fileOfRoute = fileOfRoute;
  }

  TriedRoutes check(
      Set<String> requiredTargets,
      String requiredRoute,
      Map<Path, Set<String>> ids,
      Set<Path> configuring)
      throws RouteProblem {
    for (RouteDefinition route : context.getRouteDefinitions()) {
      Endpoint input = context.getRoute(route.getRouteId()).getEndpoint();
      if (input instanceof DirectEndpoint direct) {
        String name = DirectTargets.asCamelWritesIt(direct.getEndpointUri());
        String other = routeOfInput.put(name, route.getRouteId());
        if (other != null) {
          throw problem(
              file(route),
              route,
              "%s is taken by route %s in %s already"
                  .formatted(
                      name.replace("://", ":"), other, String.valueOf(fileOfRoute.get(other))));
        }
        directInputs.computeIfAbsent(file(route), file -> new TreeSet<>()).add(name);
      }
    }
    for (RouteDefinition route : context.getRouteDefinitions()) {
      checkBeans(route);
      checkTargets(route);
    }
    requireForTheBridge(requiredTargets, requiredRoute);
    return new TriedRoutes(ids, configuring, listening(), carrying(requiredTargets), directInputs);
  }

  private Path file(RouteDefinition route) {
    Path file = fileOfRoute.get(route.getRouteId());
    if (file == null) {
      throw new IllegalStateException("route without file: " + route.getRouteId());
    }
    return file;
  }

  /** Camel looks beans and methods up when the first message comes: too late. */
  private void checkBeans(RouteDefinition route) throws RouteProblem {
    for (BeanDefinition step : steps(route, BeanDefinition.class)) {
      String ref = step.getRef();
      if (ref == null) {
        continue;
      }
      Object bean = context.getRegistry().lookupByName(ref);
      if (bean == null) {
        throw problem(file(route), step, "there is no bean named " + ref);
      }
      String method = step.getMethod();
      if (method != null && isName(method) && !hasMethod(bean, method)) {
        throw problem(file(route), step, "the bean %s has no method %s".formatted(ref, method));
      }
    }
  }

  /** Nobody would take what is sent there. */
  private void checkTargets(RouteDefinition route) throws RouteProblem {
    Set<String> targets = new HashSet<>();
    for (ProcessorDefinition<?> step : steps(route, ProcessorDefinition.class)) {
      for (String target : DirectTargets.of(context, step)) {
        targets.add(target);
        if (!routeOfInput.containsKey(target)) {
          throw new MissingTarget(fileOf(route, step), line(step), target);
        }
      }
    }
    targetsOfRoute.put(route.getRouteId(), targets);
  }

  /** A step of a routeConfiguration stands in another file than the route. */
  private Path fileOf(RouteDefinition route, ProcessorDefinition<?> step) {
    String location = step.getLocation();
    if (location != null) {
      for (Path file : files) {
        if (location.endsWith(file.toString())) {
          return file;
        }
      }
    }
    return file(route);
  }

  private void requireForTheBridge(Set<String> requiredTargets, String requiredRoute)
      throws RouteProblem {
    if (!fileOfRoute.containsKey(requiredRoute)) {
      throw new RouteProblem(
          null,
          "there is no route with the id %s: without it no charger can connect"
              .formatted(requiredRoute),
          null);
    }
    for (String target : requiredTargets) {
      if (!routeOfInput.containsKey(DirectTargets.asCamelWritesIt(target))) {
        throw new MissingTarget(null, 0, DirectTargets.asCamelWritesIt(target));
      }
    }
  }

  private Set<Path> listening() {
    Set<Path> listening = new TreeSet<>();
    for (RouteDefinition route : context.getRouteDefinitions()) {
      if (inputUri(route).startsWith("netty:")) {
        listening.add(file(route));
      }
    }
    return listening;
  }

  private String inputUri(RouteDefinition route) {
    return context.resolvePropertyPlaceholders(String.valueOf(route.getInput().getEndpointUri()));
  }

  /** From where messages come in, along all {@code direct:} steps. */
  private Set<Path> carrying(Set<String> requiredTargets) {
    Deque<String> ahead = new ArrayDeque<>();
    for (RouteDefinition route : context.getRouteDefinitions()) {
      String uri = inputUri(route);
      if (uri.startsWith("netty:") || isFromBridgesConnection(uri)) {
        ahead.add(route.getRouteId());
      }
    }
    requiredTargets.forEach(
        target -> ahead.add(routeTaking(DirectTargets.asCamelWritesIt(target))));
    Set<String> reached = new HashSet<>();
    while (!ahead.isEmpty()) {
      String id = ahead.remove();
      if (reached.add(id)) {
        targetsOfRoute.getOrDefault(id, Set.of()).forEach(target -> ahead.add(routeTaking(target)));
      }
    }
    Set<Path> carrying = new TreeSet<>();
    reached.forEach(id -> carrying.add(fileOfRoute.get(id)));
    return carrying;
  }

  private String routeTaking(String target) {
    return Objects.requireNonNull(routeOfInput.get(target));
  }

  private static boolean isFromBridgesConnection(String uri) {
    // With a client of its own, a route lives apart from the bridge's connection.
    return uri.startsWith("paho-mqtt5:") && !uri.contains("brokerUrl=");
  }

  static RouteProblem problem(Path file, ProcessorDefinition<?> step, String reason) {
    int line = line(step);
    return new RouteProblem(file, line < 1 ? reason : "line %d: %s".formatted(line, reason), null);
  }

  private static int line(ProcessorDefinition<?> step) {
    return step instanceof RouteDefinition route && route.getInput() != null
        ? route.getInput().getLineNumber()
        : step.getLineNumber();
  }

  private static <T> Iterable<T> steps(RouteDefinition route, Class<? super T> type) {
    List<ProcessorDefinition<?>> outputs = route.getOutputs();
    @SuppressWarnings("unchecked")
    Class<T> wanted = (Class<T>) type;
    return ProcessorDefinitionHelper.filterTypeInOutputs(outputs, wanted);
  }

  private static boolean isName(String method) {
    return method.chars().allMatch(Character::isJavaIdentifierPart);
  }

  private static boolean hasMethod(Object bean, String name) {
    return Arrays.stream(bean.getClass().getMethods()).map(Method::getName).anyMatch(name::equals);
  }
}
