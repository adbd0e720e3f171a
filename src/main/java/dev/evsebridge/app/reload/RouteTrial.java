package dev.evsebridge.app.reload;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.FailedToStartRouteException;
import org.apache.camel.RouteConfigurationsBuilder;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.BeanRepository;
import org.apache.camel.spi.PropertiesComponent;
import org.apache.camel.support.DefaultRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Tries a set of route files in a Camel context of its own, in which nothing is started, before the
 * running routes are touched: what does not parse, names a component, bean or option that does not
 * exist, or sends to a route that nobody has, shows here.
 */
final class RouteTrial {

  /** While a trial has this in its thread context, log4j2.properties keeps Camel silent. */
  private static final String SILENT = "routeTrial";

  private static final String REQUEST_TOPIC = "{{mqtt.topic_subscribe}}";

  private final CamelContext running;
  private final Supplier<Map<String, Object>> beans;
  private final Set<String> requiredTargets;
  private final String requiredRoute;

  /**
   * Creates the trial.
   *
   * @param running whose beans and settings the routes see
   * @param beans makes what routes may name once more: what is part of one context can't be part of
   *     another, and components must never connect
   * @param requiredTargets the {@code direct:} names that the bridge itself sends to
   * @param requiredRoute the route without which no charger can connect
   */
  RouteTrial(
      CamelContext running,
      Supplier<Map<String, Object>> beans,
      Set<String> requiredTargets,
      String requiredRoute) {
    this.running = running;
    this.beans = beans;
    this.requiredTargets = requiredTargets;
    this.requiredRoute = requiredRoute;
  }

  /**
   * Loads the files and throws them away.
   *
   * @throws RouteProblem for whatever is wrong with them
   */
  TriedRoutes load(SortedMap<Path, RouteText> files) throws RouteProblem {
    MDC.put(SILENT, "true");
    try {
      return new Attempt(files).load();
    } finally {
      MDC.remove(SILENT);
    }
  }

  /** One set of files. */
  private final class Attempt {
    private final SortedMap<Path, RouteText> files;
    private final Map<Path, Set<String>> ids = new TreeMap<>();
    private final Map<String, Path> fileOfRoute = new HashMap<>();
    private final Set<Path> configuring = new TreeSet<>();

    Attempt(SortedMap<Path, RouteText> files) {
      this.files = files;
    }

    TriedRoutes load() throws RouteProblem {
      for (Map.Entry<Path, RouteText> entry : files.entrySet()) {
        String fault = entry.getValue().fault();
        if (fault != null) {
          throw new RouteProblem(entry.getKey(), fault, null);
        }
      }
      try (DefaultCamelContext context = context(Map.of());
          DefaultCamelContext samples =
              context(Map.of("sessionRegistry", new SampleMessages.EveryChargerResponds()))) {
        context.setAutoStartup(false);
        addAll(context);
        start(context);
        TriedRoutes tried =
            new RouteChecks(context, files.keySet(), fileOfRoute)
                .check(requiredTargets, requiredRoute, ids, configuring);
        new SampleRun(
                samples, files, requiredTargets, running.resolvePropertyPlaceholders(REQUEST_TOPIC))
            .run();
        return tried;
      } catch (RouteProblem e) {
        throw e;
      } catch (Exception e) {
        throw new RouteProblem(null, RouteFault.describe("", e), e);
      }
    }

    private DefaultCamelContext context(Map<String, Object> instead) {
      Map<String, Object> own = new HashMap<>(beans.get());
      own.putAll(instead);
      DefaultRegistry registry = new DefaultRegistry(new RunningBeans(own.keySet()));
      own.forEach(registry::bind);
      DefaultCamelContext context = new DefaultCamelContext(registry);
      context.setSourceLocationEnabled(true);
      context.getCamelContextExtension().setName("trial");
      context.disableJMX();
      context
          .getPropertiesComponent()
          .addPropertiesSource(new RunningProperties(running.getPropertiesComponent()));
      return context;
    }

    private void addAll(DefaultCamelContext context) throws RouteProblem {
      Map<Path, RouteBuilder> builders = new TreeMap<>();
      for (Path file : files.keySet()) {
        attempt(
            file,
            () -> {
              RouteBuilder builder = RouteSource.parse(context, file, text(file));
              builders.put(file, builder);
              int before = context.getRouteConfigurationDefinitions().size();
              context.addRoutesConfigurations((RouteConfigurationsBuilder) builder);
              if (context.getRouteConfigurationDefinitions().size() > before) {
                configuring.add(file);
              }
            });
      }
      for (Path file : files.keySet()) {
        attempt(
            file,
            () -> {
              Set<RouteDefinition> before = Set.copyOf(context.getRouteDefinitions());
              context.addRoutes(builders.get(file));
              Set<RouteDefinition> added = new LinkedHashSet<>(context.getRouteDefinitions());
              added.removeAll(before);
              noteIds(file, added);
              if (added.isEmpty()
                  && !configuring.contains(file)
                  && !RouteSource.isEmpty(builders.get(file), text(file))) {
                throw new RouteProblem(
                    file, "it holds no routes: a route file is a list of '- route:'", null);
              }
            });
      }
    }

    private void noteIds(Path file, Set<RouteDefinition> added) throws RouteProblem {
      Set<String> own = new LinkedHashSet<>();
      for (RouteDefinition route : added) {
        if (!route.hasCustomIdAssigned()) {
          throw RouteChecks.problem(file, route, "each route must have an id");
        }
        String id = route.getRouteId();
        if (!own.add(id)) {
          throw RouteChecks.problem(file, route, "two routes have the id " + id);
        }
        Path other = fileOfRoute.putIfAbsent(id, file);
        if (other != null) {
          throw RouteChecks.problem(
              file, route, "the route id %s is used in %s already".formatted(id, other));
        }
      }
      ids.put(file, own);
    }

    private String text(Path file) {
      return Objects.requireNonNull(files.get(file)).text();
    }

    /** Starts the context but none of its routes: they are built, with all their endpoints. */
    private void start(DefaultCamelContext context) throws RouteProblem {
      try {
        context.start();
      } catch (Exception | LinkageError | StackOverflowError e) {
        Path file = fileOf(e);
        throw new RouteProblem(file, RouteFault.describe(file == null ? "" : text(file), e), e);
      }
    }

    private @Nullable Path fileOf(Throwable failure) {
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        String id = null;
        if (cause instanceof FailedToCreateRouteException e) {
          id = e.getRouteId();
        } else if (cause instanceof FailedToStartRouteException e) {
          id = e.getRouteId();
        }
        if (id != null && fileOfRoute.containsKey(id)) {
          return fileOfRoute.get(id);
        }
      }
      return null;
    }

    /** Whatever is thrown is the fault of this file: a parser may even run out of stack. */
    private void attempt(Path file, Step step) throws RouteProblem {
      try {
        step.run();
      } catch (RouteProblem e) {
        throw e;
      } catch (Throwable e) {
        throw new RouteProblem(file, RouteFault.describe(text(file), e), e);
      }
    }
  }

  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  /** The beans of the running context, without its components and those that a trial replaces. */
  private final class RunningBeans implements BeanRepository {
    private final Set<String> replaced;

    RunningBeans(Set<String> replaced) {
      this.replaced = replaced;
    }

    @Override
    public @Nullable Object lookupByName(String name) {
      Object bean = replaced.contains(name) ? null : running.getRegistry().lookupByName(name);
      return bean instanceof Component ? null : bean;
    }

    @Override
    public <T> @Nullable T lookupByNameAndType(String name, Class<T> type) {
      T bean =
          replaced.contains(name) ? null : running.getRegistry().lookupByNameAndType(name, type);
      return bean instanceof Component ? null : bean;
    }

    @Override
    public <T> Map<String, T> findByTypeWithName(Class<T> type) {
      return running.getRegistry().findByTypeWithName(type);
    }

    @Override
    public <T> Set<T> findByType(Class<T> type) {
      return running.getRegistry().findByType(type);
    }
  }

  /** The settings of the running context. */
  private record RunningProperties(PropertiesComponent running)
      implements org.apache.camel.spi.PropertiesSource {

    @Override
    public String getName() {
      return "running";
    }

    @Override
    public @Nullable String getProperty(String name) {
      return running.resolveProperty(name).orElse(null);
    }
  }
}
