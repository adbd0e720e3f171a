package dev.evsebridge.app;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;

/** Camel with the routes of the folder {@code routes}: its options, its start and its stop. */
final class CamelRoutes {

  /** Where the routes are, seen from the working directory. */
  static final Path FOLDER = Path.of("routes");

  /** The route that lets chargers in; the fail-safe starts and stops it. */
  static final String LISTENER_ROUTE = "charger-listener";

  private static final int SHUTDOWN_SECONDS = 3;

  private final Main main = new Main();

  /**
   * Creates Camel; it is not started yet.
   *
   * @param placeholders what routes may refer to as {@code {{key}}}
   * @param beans what routes may name
   */
  CamelRoutes(Map<String, String> placeholders, Map<String, Object> beans) {
    main.setShutdownStrategy(new SimpleMainShutdownStrategy());
    main.setPropertyPlaceholderLocations("file:application.properties;optional=true");
    placeholders.forEach(main::addOverrideProperty);
    main.addMainListener(new SettingsFirst());
    main.configure()
        .withName("evse-mqtt-bridge")
        .withShutdownTimeout(SHUTDOWN_SECONDS)
        .withUseMdcLogging(false)
        .withMessageHistory(false)
        .withStreamCachingEnabled(false)
        .withJmxEnabled(false);
    main.configure().setStartupSummaryLevel(StartupSummaryLevel.Off);
    main.configure().routeControllerConfig().withEnabled(true);
    beans.forEach(main::bind);
  }

  /** Creates the context; it has no routes yet, and nothing runs. */
  void init() {
    main.init();
  }

  /** Starts all routes that start by themselves. */
  void start() throws Exception {
    main.start();
  }

  CamelContext context() {
    return main.getCamelContext();
  }

  List<String> routeIds() {
    return model().getRouteDefinitions().stream()
        .map(RouteDefinition::getRouteId)
        .sorted()
        .toList();
  }

  private ModelCamelContext model() {
    return (ModelCamelContext) context();
  }

  void stop() {
    main.stop();
  }

  /**
   * The settings have been read from all sources in their order; Camel, left alone, would ask the
   * environment first whenever a route names a setting.
   */
  private static final class SettingsFirst extends MainListenerSupport {
    @Override
    public void beforeConfigure(BaseMainSupport main) {
      PropertiesComponent properties =
          (PropertiesComponent) main.getCamelContext().getPropertiesComponent();
      properties.setEnvironmentVariableMode(
          PropertiesComponent.ENVIRONMENT_VARIABLES_MODE_FALLBACK);
      properties.setSystemPropertiesMode(PropertiesComponent.SYSTEM_PROPERTIES_MODE_FALLBACK);
    }
  }
}
