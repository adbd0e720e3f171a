package dev.evsebridge.app;

import dev.evsebridge.app.reload.Announcements;
import dev.evsebridge.app.reload.FolderWatch;
import dev.evsebridge.app.reload.ReloadableDirect;
import dev.evsebridge.app.reload.RouteFolder;
import dev.evsebridge.app.reload.RouteReload;
import dev.evsebridge.app.reload.RouteTraffic;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ChargerPipeline;
import dev.evsebridge.charger.connection.ConnectionLimit;
import dev.evsebridge.charger.connection.RouteThread;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.config.WebSettings;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.control.FailSafe;
import dev.evsebridge.control.Health;
import dev.evsebridge.control.Supervision;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.mqtt.BridgeMqttComponent;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.request.BridgeRequests;
import dev.evsebridge.request.ErrorReports;
import dev.evsebridge.runtime.EventLoopPulses;
import dev.evsebridge.runtime.Footprint;
import dev.evsebridge.runtime.HeartbeatFile;
import dev.evsebridge.runtime.Logging;
import dev.evsebridge.runtime.ServiceManager;
import dev.evsebridge.runtime.Watchdog;
import dev.evsebridge.several.SeveralBridges;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.state.Availability;
import dev.evsebridge.state.ChargerStates;
import dev.evsebridge.state.FirmwareStates;
import dev.evsebridge.state.LastState;
import dev.evsebridge.web.Sources;
import dev.evsebridge.web.Web;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the parts together, starts them in order and stops them in reverse. */
final class BridgeApplication implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(BridgeApplication.class);

  private static final String STOPPED = "The bridge has stopped before the outcome was known.";

  private static final String HEARTBEAT_FILE = "health";

  /** On top of the stop timeout. */
  private static final Duration STOP_MARGIN = Duration.ofSeconds(2);

  /** For what chargers have said before they were disconnected, and for errors of requests. */
  private static final Duration FOR_LAST_MESSAGES = Duration.ofSeconds(2);

  /** Below what systemd and Compose are told to wait before they kill the process. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(17);

  private final BridgeSettings settings;
  private final Simulation simulation;
  private final ListenAddress listenAddress;
  private final BackPressure backPressure = new BackPressure();
  private final Watchdog watchdog = new Watchdog();
  private final OpenRequests openRequests = new OpenRequests();
  private final Announcements announcements;
  private final ReloadableDirect direct = new ReloadableDirect();
  private final EventLoopPulses eventLoops = new EventLoopPulses(watchdog);
  private final @Nullable SeveralBridges several;
  private final BrokerConnection broker;
  private final Availability availability;
  private final RetainedTopics retained;
  private final Map<String, Object> namedBeans;
  private final SessionRegistry registry;
  private final ChargeControl chargeControl;
  private final @Nullable Supervision supervision;
  private final Admission admission;
  private final @Nullable RouteThread routeThread;
  private final ChargerPipeline pipeline;
  private final BridgeRequests bridgeRequests;
  private final CamelRoutes camel;
  private final CompletableFuture<@Nullable ConfigurationException> stopped =
      new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean started;
  private @Nullable FailSafe failSafe;
  private @Nullable FolderWatch folderWatch;
  private @Nullable Health health;
  private volatile @Nullable Web web;
  private volatile @Nullable Simulator simulator;

  BridgeApplication(BridgeSettings settings, Simulation simulation) {
    this.settings = settings;
    this.simulation = simulation;
    this.listenAddress = new ListenAddress(settings.bindAddress(), settings.bindPort());
    int maxConnections = ConnectionLimit.most(settings.limits().maxConnections());
    this.announcements = new Announcements(settings.name().orElse(""));
    this.several =
        settings.name().isPresent()
            ? new SeveralBridges(
                settings.name().get(), settings.mqtt(), settings.names(), settings.stateTopics())
            : null;
    this.broker =
        new BrokerConnection(
            settings.mqtt(),
            RetainedTopics.messagesPerCharger(settings) * maxConnections,
            new PausedChargers(backPressure),
            several);
    this.availability =
        new Availability(
            journalFile(settings), several == null ? announcements::availability : several::known);
    this.registry = new SessionRegistry(settings.limits(), availability, openRequests);
    if (several != null) {
      registry.claimFirst(several);
      several.start(broker, new FromOtherBridges(), this::doPart);
    }
    BridgeReports reports = new BridgeReports(settings, registry, broker);
    this.retained =
        new RetainedTopics(
            settings, announcements, broker, registry, availability, reports, several);
    this.chargeControl = ControlSetup.create(settings, registry, retained.controlListener());
    this.supervision = ControlSetup.supervision(settings, announcements::interlock);
    this.admission =
        new Admission(settings.limits(), settings.names()::clientId, settings.allowedSerials());
    this.routeThread =
        ControlSetup.isOn(settings) || supervision != null ? new RouteThread(backPressure) : null;
    if (routeThread != null) {
      registry.continueRoutesOn(routeThread);
    }
    this.pipeline =
        new ChargerPipeline(
            registry, admission, backPressure, this::report, eventLoops::watch, routeThread);
    this.bridgeRequests = reports.requests(retained::republish, retained.forgetting(), several);
    this.namedBeans = named();
    this.camel = new CamelRoutes(settings.placeholders(), beans());
  }

  /** A request to all bridges has come; another one may give the response. */
  private void doPart(String topic, byte[] payload, Deadline deadline) {
    bridgeRequests.doPart(topic, payload, deadline);
  }

  private Map<String, Object> beans() {
    Map<String, Object> beans = new HashMap<>(namedBeans);
    beans.put("direct", direct);
    beans.put("paho-mqtt5", new BridgeMqttComponent(broker, openRequests));
    return beans;
  }

  /** For trying routes: what belongs to one Camel context can't be part of another. */
  private Map<String, Object> trialBeans() {
    Map<String, Object> beans = named();
    beans.put("paho-mqtt5", BridgeMqttComponent.onlyChecking(broker));
    return beans;
  }

  private Map<String, Object> named() {
    return new HashMap<>(
        Beans.named(pipeline, registry, chargeControl, settings, bridgeRequests, this::report));
  }

  /** An error that belongs to no request, or comes after it. */
  private void report(ErrorMessage error) {
    registry.counts().error();
    announcements.error(error);
    if (web != null) {
      web.failed(error);
    }
  }

  private static Path journalFile(BridgeSettings settings) {
    MqttSettings mqtt = settings.mqtt();
    int broker = Objects.hash(mqtt.broker().toString(), mqtt.publishTopic(), mqtt.clientId());
    return settings.stateDir().resolve("online-%08x.txt".formatted(broker));
  }

  void start() throws Exception {
    listenAddress.requireFree();
    watchdog.start();
    broker.start();
    broker.pulses().forEach(watchdog::add);
    camel.init();
    FailSafe guard =
        new FailSafe(
            camel.context().getRouteController(),
            CamelRoutes.LISTENER_ROUTE,
            listenAddress.toString(),
            registry,
            settings.brokerLossGrace(),
            this::startSimulator,
            this::couldNotListen);
    failSafe = guard;
    if (ControlSetup.isOn(settings)) {
      startControl(guard);
    }
    if (supervision != null) {
      RawControl.start(
          settings, supervision, registry, chargeControl, guard, this::letOnlyControlledIn);
    }
    RawControl.listenToControl(settings, broker, chargeControl, guard);
    watchdog.add(guard.pulse());
    if (routeThread != null) {
      watchdog.add(routeThread.pulse());
    }
    RouteFolder folder = DefaultFiles.routesFor(Path.of(""));
    RouteReload reload =
        new RouteReload(
            camel.context(),
            this::trialBeans,
            Announcements.targets(settings.homeAssistant().discovery()),
            CamelRoutes.LISTENER_ROUTE,
            new RouteTraffic(
                camel.context(), broker, backPressure, openRequests, announcements, direct),
            reloaded -> {
              if (reloaded.contains(CamelRoutes.LISTENER_ROUTE)) {
                guard.listenerReloaded();
              }
            });
    reload.start(folder);
    String differences = folder.differences();
    if (differences != null) {
      LOG.info(differences);
    }
    camel.start();
    announcements.to(camel.context());
    broker.addListener(availability);
    retained.start();
    // One of several that does not hear what they say of themselves could serve no charger.
    broker.addListener(several == null ? guard : several.onceGreeted(guard));
    startWeb(guard);
    LOG.info(
        "Publishing to {} and below, taking requests from {}, with routes {}",
        settings.mqtt().publishTopic(),
        settings.mqtt().subscribeTopic(),
        camel.routeIds());
    if (!DefaultFiles.areUsedIn(Path.of(""))) {
      FolderWatch watch = new FolderWatch(folder, reload);
      folderWatch = watch;
      watch.start();
    }
    if (!settings.ignoredVariables().isEmpty()) {
      LOG.info("Environment variables that are no settings: {}", settings.ignoredVariables());
    }
    started = true;
    broker.ready();
    health =
        new Health(
            guard,
            watchdog,
            new ServiceManager(System.getenv()),
            new HeartbeatFile(settings.stateDir().resolve(HEARTBEAT_FILE)),
            settings.web().map(WebSettings::fromHere).orElse(""));
    health.start();
    Footprint.keepSmall();
  }

  /** Nothing of it is loaded where it is not wanted. */
  private void startWeb(FailSafe guard) throws ConfigurationException {
    ChargerStates states = retained.states();
    FirmwareStates firmware = retained.firmware();
    if (settings.web().isPresent() && states != null && firmware != null) {
      Web port =
          new Web(
              settings.web().get(),
              new Sources(
                  BuildVersion.name(),
                  camel.context(),
                  guard,
                  broker,
                  registry,
                  states,
                  firmware,
                  admission,
                  openRequests,
                  backPressure,
                  eventLoops,
                  settings.limits(),
                  several == null ? alone -> null : several::otherHolder,
                  several == null ? alone -> null : several::otherKeeper,
                  settings.brokerLossGrace()));
      web = port;
      if (namedBeans.get("errorReports") instanceof ErrorReports reports) {
        reports.tell(port::failed);
      }
      port.start();
    }
  }

  private void startControl(FailSafe guard) {
    ControlSetup.warn(settings);
    registry.addListener(chargeControl);
    registry.guard(chargeControl);
    registry.addFirmwareListener(chargeControl);
    guard.keepControlled(chargeControl, this::letOnlyControlledIn);
    if (several != null) {
      guard.letControlledGo(ControlSetup.longestStop(settings).plus(STOP_MARGIN));
    }
    chargeControl.start();
  }

  private void letOnlyControlledIn(boolean only) {
    admission.letIn(serial -> !only || ControlSetup.of(settings, serial) != null);
  }

  private void startSimulator() {
    Simulator chargers = simulation.against(listenAddress.fromHere());
    if (chargers != null) {
      simulator = chargers;
      chargers.start();
    }
  }

  private void couldNotListen(Exception e) {
    stopped.complete(listenAddress.unusable(e));
  }

  int awaitStop() throws Exception {
    Thread hook =
        new Thread(
            () -> {
              SecondSignal.endsAtOnce();
              close();
              Logging.flush();
            },
            "shutdown");
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
    watchdog.stopWithin(STOP_LIMIT.plus(ControlSetup.longestStop(settings)));
    if (health != null) {
      health.close();
    }
    if (web != null) {
      web.close();
    }
    if (folderWatch != null) {
      folderWatch.close();
    }
    Simulator simulated = simulator;
    if (simulated != null) {
      simulated.close();
    }
    if (supervision != null) {
      RawControl.stop(settings, supervision);
    }
    chargeControl.stop();
    if (supervision != null) {
      supervision.awaitStopped();
    }
    if (failSafe != null) {
      failSafe.stop();
    }
    if (several != null) {
      several.leave();
    }
    openRequests.giveUp(route -> true, ErrorCode.DISCONNECTED, STOPPED);
    if (routeThread != null) {
      routeThread.awaitThrough(FOR_LAST_MESSAGES);
    }
    availability.stop();
    retained.stop();
    announcements.close();
    camel.stop();
    if (routeThread != null) {
      routeThread.close();
    }
    broker.close();
    if (started) {
      LOG.info("Stopped");
    }
  }

  /** What other bridges have said last of chargers goes on here. */
  private final class FromOtherBridges implements SeveralBridges.Successor {

    @Override
    public void takeOver(String clientId, @Nullable LastState last) {
      retained.movedHere(clientId);
      if (last != null) {
        retained.takeOver(clientId, last);
        setPoints(last);
      }
    }

    @Override
    public void keep(String clientId, LastState last) {
      retained.keep(clientId, last);
      setPoints(last);
    }

    private void setPoints(LastState last) {
      Double amps = last.limitAmps();
      chargeControl.takeOver(
          last.serial(), last.enabled(), amps == null ? null : ControlSetup.deciamps(amps));
    }

    @Override
    public void sayAgain(String clientId) {
      retained.sayAgain(clientId);
    }
  }
}
