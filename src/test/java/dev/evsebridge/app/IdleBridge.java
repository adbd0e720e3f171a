package dev.evsebridge.app;

import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ChargerPipeline;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.request.BridgeRequests;
import dev.evsebridge.testkit.Unwatched;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What routes may name, of a bridge that does nothing by itself. */
public final class IdleBridge {
  private IdleBridge() {}

  /** The beans of a bridge without chargers. */
  public static Map<String, Object> beans(BridgeSettings settings) {
    return beans(
        settings,
        Unwatched.registry(settings.limits()),
        new Admission(settings.limits(), settings.names()::clientId, settings.allowedSerials()));
  }

  /** The beans of a bridge whose one verb is {@code health}. */
  public static Map<String, Object> beans(
      BridgeSettings settings, SessionRegistry registry, Admission admission) {
    return Beans.named(
        new ChargerPipeline(
            registry, admission, new BackPressure(), error -> {}, channel -> {}, null),
        registry,
        ChargeControl.ofNobody(),
        settings,
        new BridgeRequests(
            Beans.requestReader(settings),
            Map.of("health", request -> CompletableFuture.completedFuture(Map.of("buffered", 0)))),
        error -> {});
  }
}
