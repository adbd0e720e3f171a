package dev.evsebridge.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evsebridge.runtime.EventLoopPulses;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheck.Result;
import org.apache.camel.health.HealthCheckRegistry;
import org.jspecify.annotations.Nullable;

/**
 * Says how the bridge is, as JSON with status 200 or 503. Alive: the process is there and the event
 * loop of the chargers responds. Ready: the checks {@code broker} and {@code listener} in Camel's
 * registry as well.
 */
final class HealthReport {

  private static final long EVENT_LOOP_SECONDS = 2;
  private static final int OK = 200;
  private static final int UNAVAILABLE = 503;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HealthCheckRegistry registry;
  private final EventLoopPulses eventLoops;

  HealthReport(
      CamelContext camel,
      EventLoopPulses eventLoops,
      BrokerCheck brokerCheck,
      ListenerCheck listenerCheck) {
    this.eventLoops = eventLoops;
    this.registry = HealthCheckRegistry.get(camel);
    registry.register(brokerCheck);
    registry.register(listenerCheck);
  }

  void addTo(Router router) {
    WebServer.reads(router, SecurityRules.HEALTH).handler(ctx -> answer(ctx, true, true));
    WebServer.reads(router, SecurityRules.HEALTH + "/live")
        .handler(ctx -> answer(ctx, true, false));
    WebServer.reads(router, SecurityRules.HEALTH + "/ready")
        .handler(ctx -> answer(ctx, false, true));
  }

  private void answer(RoutingContext ctx, boolean alive, boolean ready) {
    if (!alive) {
      say(ctx, null, ready);
      return;
    }
    CompletableFuture<Boolean> answered =
        eventLoops
            .respond()
            .thenApply(done -> true)
            .completeOnTimeout(false, EVENT_LOOP_SECONDS, TimeUnit.SECONDS);
    var unused =
        answered.thenAccept(responds -> ctx.vertx().runOnContext(now -> say(ctx, responds, ready)));
  }

  private void say(RoutingContext ctx, @Nullable Boolean responds, boolean ready) {
    ObjectNode report = JSON.createObjectNode();
    report.put("status", "UP");
    ArrayNode checks = report.putArray("checks");
    if (responds != null) {
      add(
          report,
          checks,
          "live",
          responds,
          responds ? null : "The event loop of the chargers does not respond");
    }
    if (ready) {
      add(report, checks, BrokerCheck.ID);
      add(report, checks, ListenerCheck.ID);
    }
    ctx.response()
        .setStatusCode(report.get("status").asText().equals("UP") ? OK : UNAVAILABLE)
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .end(report.toString());
  }

  private void add(ObjectNode report, ArrayNode checks, String id) {
    Result result = registry.getCheck(id).map(HealthCheck::call).orElseThrow();
    add(
        report,
        checks,
        id,
        result.getState() == HealthCheck.State.UP,
        result.getMessage().orElse(null));
  }

  private static void add(
      ObjectNode report, ArrayNode checks, String id, boolean up, @Nullable String message) {
    ObjectNode check = checks.addObject().put("name", id).put("status", up ? "UP" : "DOWN");
    if (message != null) {
      check.put("message", message);
    }
    if (!up) {
      report.put("status", "DOWN");
    }
  }
}
