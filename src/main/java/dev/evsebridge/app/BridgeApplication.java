package dev.evsebridge.app;

import dev.evsebridge.app.reload.Announcements;
import dev.evsebridge.app.reload.RouteFiles;
import dev.evsebridge.app.reload.RouteTraffic;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ChargerPipeline;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.control.FailSafe;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.mqtt.BridgeMqttComponent;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.request.ErrorReports;
import dev.evsebridge.request.Replies;
import dev.evsebridge.request.RequestReader;
import dev.evsebridge.request.SendToCharger;
import dev.evsebridge.runtime.Failures;
import dev.evsebridge.runtime.Footprint;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.state.Availability;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.camel.CamelContext;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the parts together, starts them in order and stops them in reverse. */
final class BridgeApplication implements AutoCloseable {

  /** Where the routes are, seen from the working directory. */
  static final String ROUTES_FOLDER = "routes";

  private static final Logger LOG = LoggerFactory.getLogger(BridgeApplication.class);

  private static final String LISTENER_ROUTE = "charger-listener";

  private static final String STOPPED = "The bridge has stopped before the outcome was known.";

  private final BridgeSettings settings;
  private final int simulatedChargers;
  private final Main main = new Main();
  private final BackPressure backPressure = new BackPressure();
  private final BrokerConnection broker;
  private final Availability availability;
  private final SessionRegistry registry;
  private final SendToCharger sendToCharger;
  private final CompletableFuture<@Nullable ConfigurationException> stopped =
      new CompletableFuture<>();
  private final Announcements announcements = new Announcements();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean started;
  private @Nullable FailSafe failSafe;
  private @Nullable RouteFiles routeFiles;
  private volatile @Nullable Simulator simulator;

  BridgeApplication(BridgeSettings settings, int simulatedChargers) {
    this.settings = settings;
    this.simulatedChargers = simulatedChargers;
    int maxConnections = settings.limits().maxConnections();
    // Of each charger one more message, and the announcement that it is online or offline.
    this.broker =
        new BrokerConnection(settings.mqtt(), 2 * maxConnections, new PausedChargers(backPressure));
    this.availability = new Availability(journalFile(settings), announcements::availability);
    this.registry =
        new SessionRegistry(settings.limits(), settings.names()::clientId, availability);
    this.sendToCharger = new SendToCharger(registry);
  }

  private static Path journalFile(BridgeSettings settings) {
    MqttSettings mqtt = settings.mqtt();
    int broker = Objects.hash(mqtt.broker().toString(), mqtt.publishTopic(), mqtt.clientId());
    return settings.stateDir().resolve("online-%08x.txt".formatted(broker));
  }

  void start() throws Exception {
    requireFreePort();
    broker.start();
    configureCamel();
    startCamel();
    CamelContext context = main.getCamelContext();
    FailSafe guard =
        new FailSafe(
            context.getRouteController(),
            LISTENER_ROUTE,
            settings.bindAddress() + ":" + settings.bindPort(),
            registry,
            settings.brokerLossGrace(),
            this::startSimulator,
            this::couldNotListen);
    failSafe = guard;
    announcements.to(context.createProducerTemplate());
    broker.addListener(availability);
    broker.addListener(guard);
    LOG.info(
        "Publishing to {} and below, taking requests from {}, with routes {}",
        settings.mqtt().publishTopic(),
        settings.mqtt().subscribeTopic(),
        routeIds(context));
    routeFiles =
        new RouteFiles(
            Path.of(ROUTES_FOLDER),
            context,
            this::mqttTrial,
            new RouteTraffic(context, broker, backPressure, sendToCharger, announcements),
            reloaded -> {
              if (reloaded.contains(LISTENER_ROUTE)) {
                guard.listenerReloaded();
              }
            });
    routeFiles.start();
    if (!settings.ignoredVariables().isEmpty()) {
      LOG.info("Environment variables that are no settings: {}", settings.ignoredVariables());
    }
    started = true;
    broker.ready();
    Footprint.keepSmall();
  }

  private void startSimulator() {
    if (simulatedChargers > 0) {
      Simulator chargers = new Simulator(ownAddress(), simulatedChargers);
      simulator = chargers;
      chargers.start();
    }
  }

  private void startCamel() throws ConfigurationException {
    try {
      main.start();
    } catch (Exception e) {
      LOG.debug("Camel could not be started", e);
      throw RouteFiles.explainFailedStart(
          Path.of(ROUTES_FOLDER), main.getCamelContext(), this::mqttTrial, e);
    }
    ModelCamelContext model = (ModelCamelContext) main.getCamelContext();
    if (model.getRouteDefinition(LISTENER_ROUTE) == null) {
      throw new ConfigurationException(
          "The folder routes holds no route with the id %s: without it no charger can connect"
              .formatted(LISTENER_ROUTE));
    }
  }

  private static List<String> routeIds(CamelContext context) {
    return ((ModelCamelContext) context)
        .getRouteDefinitions().stream().map(RouteDefinition::getRouteId).sorted().toList();
  }

  private BridgeMqttComponent mqttTrial() {
    return BridgeMqttComponent.onlyChecking(broker);
  }

  private InetSocketAddress ownAddress() {
    InetSocketAddress bound = new InetSocketAddress(settings.bindAddress(), settings.bindPort());
    return bound.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), settings.bindPort())
        : bound;
  }

  /**
   * The port is tried before the broker is: a second bridge must not throw the first one out. With
   * a socket that does not listen: a charger that was let in would start its 300 s anew.
   */
  private void requireFreePort() throws ConfigurationException {
    String address = settings.bindAddress();
    try (Socket socket = new Socket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(address), settings.bindPort()));
    } catch (IOException e) {
      throw cannotListen(e);
    }
  }

  private ConfigurationException cannotListen(Exception e) {
    return new ConfigurationException(
        "Can't listen for chargers on %s:%d (evse.bind_address, evse.bind_port): %s"
            .formatted(settings.bindAddress(), settings.bindPort(), Failures.rootMessage(e)));
  }

  private void couldNotListen(Exception e) {
    stopped.complete(cannotListen(e));
  }

  private void configureCamel() {
    main.setShutdownStrategy(new SimpleMainShutdownStrategy());
    main.setPropertyPlaceholderLocations("file:application.properties");
    settings.placeholders().forEach(main::addOverrideProperty);
    main.addMainListener(new SettingsFirst());
    main.configure()
        .withName("evse-mqtt-bridge")
        .withRoutesIncludePattern("file:" + ROUTES_FOLDER + "/*.yaml")
        .withShutdownTimeout(3)
        .withUseMdcLogging(false)
        .withMessageHistory(false)
        .withStreamCachingEnabled(false)
        .withJmxEnabled(false);
    main.configure().setStartupSummaryLevel(StartupSummaryLevel.Off);
    main.configure().routeControllerConfig().withEnabled(true);
    main.bind("paho-mqtt5", new BridgeMqttComponent(broker));
    main.bind(
        "chargerPipeline",
        new ChargerPipeline(
            registry, settings.allowedSerials(), backPressure, announcements::error));
    main.bind("requests", new RequestReader(settings.mqtt().maxPayloadBytes()));
    main.bind("sendToCharger", sendToCharger);
    main.bind("replies", new Replies());
    main.bind("errorReports", new ErrorReports());
    main.bind("sessionRegistry", registry);
    main.bind("json", BridgeJson.mapper());
  }

  int awaitStop() throws Exception {
    Thread hook = new Thread(this::close, "shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    ConfigurationException failure = stopped.get();
    if (failure != null) {
      throw failure;
    }
    return 0;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (started) {
      LOG.info("Stopping");
    }
    if (routeFiles != null) {
      routeFiles.close();
    }
    Simulator simulated = simulator;
    if (simulated != null) {
      simulated.close();
    }
    if (failSafe != null) {
      failSafe.stop();
    }
    sendToCharger.giveUp(ErrorCode.DISCONNECTED, STOPPED);
    availability.stop();
    main.stop();
    broker.close();
    if (started) {
      LOG.info("Stopped");
    }
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
