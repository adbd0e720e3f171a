package dev.evsebridge.app.reload;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.BeanDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.BeanRepository;
import org.apache.camel.spi.PropertiesComponent;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.DefaultRegistry;
import org.apache.camel.support.PluginHelper;
import org.jspecify.annotations.Nullable;

/**
 * Tries a route file in a Camel context of its own, in which nothing is started, before the running
 * routes are touched: what does not parse, or names a component, bean or option that does not
 * exist, shows here.
 */
final class RouteTrial {

  private final CamelContext running;
  private final Supplier<Component> mqttComponent;

  /**
   * Creates the trial.
   *
   * @param mqttComponent makes a component like the running one: a component belongs to one context
   */
  RouteTrial(CamelContext running, Supplier<Component> mqttComponent) {
    this.running = running;
    this.mqttComponent = mqttComponent;
  }

  /**
   * Loads the file and throws it away.
   *
   * @return the ids of its routes
   * @throws Exception whatever is wrong with the file
   */
  Set<String> load(Resource file) throws Exception {
    DefaultRegistry registry = new DefaultRegistry(new RunningBeans());
    registry.bind("paho-mqtt5", mqttComponent.get());
    try (DefaultCamelContext context = new DefaultCamelContext(registry)) {
      context.setSourceLocationEnabled(true);
      context.setAutoStartup(false);
      context.getCamelContextExtension().setName("trial");
      context.disableJMX();
      PropertiesComponent running = this.running.getPropertiesComponent();
      context.getPropertiesComponent().addPropertiesSource(new RunningProperties(running));
      PluginHelper.getRoutesLoader(context).loadRoutes(file);
      context.start();
      return check(context);
    }
  }

  private static Set<String> check(ModelCamelContext context) {
    Set<String> ids = new LinkedHashSet<>();
    for (RouteDefinition route : context.getRouteDefinitions()) {
      String id = route.getRouteId();
      if (!route.hasCustomIdAssigned()) {
        throw new IllegalArgumentException("each route must have an id");
      }
      if (!ids.add(id)) {
        throw new IllegalArgumentException("two routes have the id " + id);
      }
      checkBeans(context, route);
    }
    return ids;
  }

  /** Camel looks beans up when the first message comes: too late. */
  private static void checkBeans(ModelCamelContext context, RouteDefinition route) {
    List<ProcessorDefinition<?>> steps = route.getOutputs();
    for (BeanDefinition bean :
        ProcessorDefinitionHelper.filterTypeInOutputs(steps, BeanDefinition.class)) {
      String ref = bean.getRef();
      if (ref != null && context.getRegistry().lookupByName(ref) == null) {
        throw new IllegalArgumentException(
            "line %d: there is no bean named %s".formatted(bean.getLineNumber(), ref));
      }
    }
  }

  /** The beans of the running context, without its components. */
  private final class RunningBeans implements BeanRepository {

    @Override
    public @Nullable Object lookupByName(String name) {
      return withoutComponents(running.getRegistry().lookupByName(name));
    }

    @Override
    public <T> @Nullable T lookupByNameAndType(String name, Class<T> type) {
      T bean = running.getRegistry().lookupByNameAndType(name, type);
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

    private static @Nullable Object withoutComponents(@Nullable Object bean) {
      return bean instanceof Component ? null : bean;
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
