package dev.evsebridge.app;

import dev.evsebridge.app.reload.Announcements;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.request.BridgeRequests;
import dev.evsebridge.request.RequestReader;
import dev.evsebridge.several.SeveralBridges;
import dev.evsebridge.state.BridgeHealth;
import dev.evsebridge.state.BridgeInfo;
import dev.evsebridge.state.BridgeTopics;
import dev.evsebridge.state.ChargerStates.Forgotten;
import dev.evsebridge.state.Forgetting;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;

/** What the bridge knows of itself, for its own topics, and what it can be asked for there. */
final class BridgeReports {

  private static final long BYTES_PER_MEBIBYTE = 1024L * 1024;

  private final BridgeSettings settings;
  private final SessionRegistry registry;
  private final BrokerConnection broker;
  private final String started = now();

  BridgeReports(BridgeSettings settings, SessionRegistry registry, BrokerConnection broker) {
    this.settings = settings;
    this.registry = registry;
    this.broker = broker;
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Creates the keeper of the bridge's topics. */
  BridgeTopics topics(Announcements announcements) {
    return new BridgeTopics(
        this::info, this::health, serial -> settings.control().of(serial).on(), announcements);
  }

  BridgeInfo info() {
    return new BridgeInfo(
        BuildVersion.number(),
        started,
        settings.mqtt().clientId(),
        new BridgeInfo.Topics(settings.mqtt().publishTopic(), settings.mqtt().subscribeTopic()),
        Runtime.version().toString(),
        camelVersion(),
        features(),
        settings.shown());
  }

  private static String camelVersion() {
    String version = CamelContext.class.getPackage().getImplementationVersion();
    return version == null ? "unknown" : version;
  }

  private List<String> features() {
    List<String> features = new ArrayList<>();
    if (settings.stateTopics()) {
      features.add("state_topics");
    }
    if (ControlSetup.isOn(settings)) {
      features.add("control");
    }
    if (settings.supervision().interlock()) {
      features.add("interlock");
    }
    if (!settings.supervision().poll().isZero()) {
      features.add("poll");
    }
    if (settings.supervision().aliveTopic().isPresent()
        || !settings.supervision().aliveTimeout().isZero()) {
      features.add("alive");
    }
    if (settings.homeAssistant().discovery()) {
      features.add("homeassistant");
    }
    if (settings.firmware().image().isPresent()) {
      features.add("firmware_image");
    }
    if (settings.web().isPresent()) {
      features.add("web");
    }
    return features;
  }

  BridgeHealth health() {
    Runtime runtime = Runtime.getRuntime();
    return new BridgeHealth(
        now(),
        started,
        registry.sessions().size(),
        registry.counts().errorsTotal(),
        broker.lostMessages(),
        broker.bufferedMessages(),
        registry.counts().requestsTotal(),
        (runtime.totalMemory() - runtime.freeMemory()) / BYTES_PER_MEBIBYTE,
        settings.name().orElse(null));
  }

  /**
   * Creates the bean that answers requests to the bridge.
   *
   * @param republish says everything that is retained again
   * @param forgetting forgets chargers; null while nothing but availability is retained
   * @param several this bridge as one of several, which are asked together; null for a bridge alone
   */
  BridgeRequests requests(
      Runnable republish, @Nullable Forgetting forgetting, @Nullable SeveralBridges several) {
    RequestReader requests = Beans.requestReader(settings);
    if (several == null) {
      return new BridgeRequests(
          requests, verbs(republish, clientId -> required(forgetting).forget(clientId)));
    }
    return new BridgeRequests(
        requests,
        verbs(
            () -> {},
            clientId ->
                CompletableFuture.completedFuture(
                    several.forgetForAll(clientId, required(forgetting)::clear))),
        Map.of(
            "discovery",
            request -> republish.run(),
            "forget",
            request -> {
              if (several.forget(clientId(request))) {
                var unused = required(forgetting).forget(clientId(request));
              }
            }));
  }

  private Map<String, BridgeRequests.Verb> verbs(
      Runnable republish, Function<String, CompletionStage<Forgotten>> forgetting) {
    return Map.of(
        "discovery",
        request -> {
          republish.run();
          return CompletableFuture.completedFuture(Map.of());
        },
        "health",
        request -> CompletableFuture.completedFuture(health()),
        "forget",
        request -> forget(clientId(request), forgetting));
  }

  private static String clientId(Map<?, ?> request) {
    if (!request.containsKey("client_id")) {
      throw new RequestFailedException(ErrorCode.MISSING_FIELD, "client_id is missing.");
    }
    if (!(request.get("client_id") instanceof String clientId)) {
      throw new RequestFailedException(ErrorCode.INVALID_VALUE, "client_id must be a text.");
    }
    return clientId;
  }

  private static Forgetting required(@Nullable Forgetting forgetting) {
    if (forgetting == null) {
      throw new RequestFailedException(
          ErrorCode.INVALID_VALUE,
          "Nothing but availability is retained of chargers (bridge.state_topics).");
    }
    return forgetting;
  }

  private static CompletionStage<Object> forget(
      String clientId, Function<String, CompletionStage<Forgotten>> forgetting) {
    return forgetting
        .apply(clientId)
        .thenApply(
            forgotten ->
                switch (forgotten) {
                  case DONE -> Map.of("client_id", clientId);
                  case CONNECTED ->
                      throw new RequestFailedException(
                          ErrorCode.INVALID_VALUE,
                          "This charger is connected: only one that is away can be forgotten.");
                  case UNKNOWN ->
                      throw new RequestFailedException(
                          ErrorCode.INVALID_VALUE,
                          "Nothing is known of a charger of this client_id.");
                });
  }
}
