package dev.evsebridge.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import org.jspecify.annotations.Nullable;

/** The chargers as JSON, requests to them, and what changes. */
final class Api {

  static final int MOST_BODY_BYTES = 256 * 1024;

  private static final String CHARGERS = "/api/chargers";
  private static final String CHARGER = CHARGERS + "/:client_id";

  private final ObjectMapper json = new ObjectMapper();
  private final EventStreams streams;
  private final Requests requests;
  private final Visitors visitors;

  Api(EventStreams streams, Requests requests, Visitors visitors) {
    this.streams = streams;
    this.requests = requests;
    this.visitors = visitors;
  }

  void addTo(Router router) {
    WebServer.reads(router, CHARGERS).handler(this::all);
    WebServer.reads(router, CHARGER).handler(this::one);
    WebServer.only(router, "/events", HttpMethod.GET).handler(streams::open);
    BodyHandler body = BodyHandler.create(false).setBodyLimit(MOST_BODY_BYTES);
    writes(router, "/requests", body).handler(requests::request);
    writes(router, "/set", body).handler(requests::set);
    writes(router, "/set/:name", body).handler(requests::setOne);
  }

  private Route writes(Router router, String below, BodyHandler body) {
    return WebServer.only(router, CHARGER + below, HttpMethod.POST)
        .handler(body)
        .handler(this::whole);
  }

  private void whole(RoutingContext ctx) {
    visitors.askedAll(ctx.request().connection());
    ctx.next();
  }

  private void all(RoutingContext ctx) {
    streams.book().locate();
    ArrayNode all = json.createArrayNode();
    for (ChargerPage page : streams.book().pages()) {
      ObjectNode charger = page.json();
      if (charger != null) {
        all.add(charger);
      }
    }
    answer(ctx, all);
  }

  private void one(RoutingContext ctx) {
    streams.book().locate();
    ChargerPage page = streams.book().find(ctx.pathParam("client_id"));
    @Nullable ObjectNode charger = page == null ? null : page.jsonWithLog();
    if (charger == null) {
      Problem.NOT_FOUND.answer(ctx);
    } else {
      answer(ctx, charger);
    }
  }

  private void answer(RoutingContext ctx, JsonNode content) {
    try {
      ctx.response()
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .end(json.writeValueAsString(content));
    } catch (JsonProcessingException e) {
      ctx.fail(e);
    }
  }
}
