package dev.evsebridge.app;

import dev.evsebridge.app.reload.Announcements;
import dev.evsebridge.app.reload.RouteFolder;
import dev.evsebridge.app.reload.RouteReload;
import dev.evsebridge.app.reload.Traffic;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ChargerPipeline;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.mqtt.BridgeMqttComponent;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.mqtt.BrokerTrial;
import dev.evsebridge.request.BridgeRequests;
import dev.evsebridge.several.SeveralBridges;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tries everything that a start needs, and says what it has tried. It neither listens for chargers
 * nor disturbs a bridge that runs with the same settings.
 */
final class Check {

  private final BridgeSettings settings;
  private final PrintWriter out;

  Check(BridgeSettings settings, PrintWriter out) {
    this.settings = settings;
    this.out = out;
  }

  /**
   * Checks routes, port and broker; the settings have been read.
   *
   * @throws ConfigurationException with the first thing that keeps the bridge from working
   */
  void run() throws ConfigurationException {
    out.println("Settings: in order, from " + StartLine.settings(settings));
    routes();
    port();
    broker();
    out.println("All in order.");
  }

  private void routes() throws ConfigurationException {
    BackPressure backPressure = new BackPressure();
    BrokerConnection unused =
        new BrokerConnection(settings.mqtt(), 1, new PausedChargers(backPressure));
    SessionRegistry registry =
        new SessionRegistry(settings.limits(), new NoListener(), new OpenRequests());
    ChargerPipeline pipeline =
        new ChargerPipeline(
            registry,
            new Admission(settings.limits(), settings.names()::clientId, settings.allowedSerials()),
            backPressure,
            error -> {},
            channel -> {},
            null);
    Supplier<Map<String, Object>> beans =
        () -> {
          Map<String, Object> named =
              new HashMap<>(
                  Beans.named(
                      pipeline,
                      registry,
                      ChargeControl.ofNobody(),
                      settings,
                      new BridgeRequests(Beans.requestReader(settings), Map.of()),
                      error -> {}));
          named.put("paho-mqtt5", BridgeMqttComponent.onlyChecking(unused));
          return named;
        };
    RouteFolder folder = DefaultFiles.routesFor(Path.of(""));
    CamelRoutes camel = new CamelRoutes(settings.placeholders(), beans.get());
    try {
      camel.init();
      new RouteReload(
              camel.context(),
              beans,
              Announcements.targets(settings.homeAssistant().discovery()),
              CamelRoutes.LISTENER_ROUTE,
              new NoTraffic(),
              reloaded -> {})
          .startTried(folder);
      out.println("Routes: in order, from %s: %s".formatted(StartLine.routes(), camel.routeIds()));
      String differences = folder.differences();
      if (differences != null) {
        out.println("Routes: " + differences);
      }
    } finally {
      camel.stop();
    }
  }

  /** A port that is in use is no fault: a running bridge may be checked as well. */
  private void port() {
    ListenAddress address = new ListenAddress(settings.bindAddress(), settings.bindPort());
    try {
      address.requireFree();
      out.println("Chargers: can connect to %s".formatted(address));
    } catch (ConfigurationException e) {
      out.println(
          "Chargers: not checked, unless a bridge is running now. %s".formatted(e.getMessage()));
    }
  }

  private void broker() throws ConfigurationException {
    SeveralBridges several =
        settings
            .name()
            .map(
                name ->
                    new SeveralBridges(
                        name, settings.mqtt(), settings.names(), settings.stateTopics()))
            .orElse(null);
    BrokerTrial.Outcome outcome = new BrokerTrial(settings.mqtt(), several).run();
    outcome.passed().forEach(line -> out.println("Broker: " + line));
    if (outcome.failure() != null) {
      throw new ConfigurationException(
          "Broker %s: %s".formatted(settings.mqtt().broker(), outcome.failure()));
    }
  }

  private static final class NoTraffic implements Traffic {
    @Override
    public void pause(Set<String> routeIds) {}

    @Override
    public void resume() {}
  }

  private static final class NoListener implements SessionListener {
    @Override
    public void connected(ChargerSession session, @Nullable ChargerSession replaced) {}

    @Override
    public void disconnected(ChargerSession session) {}
  }
}
