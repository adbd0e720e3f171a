package dev.evsebridge.web;

import dev.evsebridge.config.WebSettings;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What every request has to pass before anything is done. A page elsewhere must not be able to
 * switch a contactor through the browser of somebody at home, neither by its own requests nor by a
 * name that it has pointed at this address (DNS rebinding): so the names in {@code Host} are on a
 * list, and what is to be changed must come from the page of this very address.
 */
final class SecurityRules {

  static final String HEALTH = "/observe/health";
  static final String METRICS = "/observe/metrics";
  static final String METRICS_ALIAS = "/metrics";

  /** Long enough to make guessing a matter of years, short enough for a typo. */
  private static final long FAILED_LOGIN_MILLIS = 1_000;

  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
          + " frame-ancestors %s; base-uri 'none'; form-action 'none'";

  private static final String FRAMED_BY_NOBODY = CONTENT_SECURITY_POLICY.formatted("'none'");
  private static final String FRAMED_BY_OWN_HOST = CONTENT_SECURITY_POLICY.formatted("'self'");

  private final WebSettings settings;
  private final Login login;
  private final Ingress ingress;
  private final Set<String> hosts = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

  SecurityRules(WebSettings settings) {
    this.settings = settings;
    this.login = new Login(settings);
    this.ingress = new Ingress(settings);
    hosts.addAll(settings.hostNames());
    String address = settings.address().toLowerCase(Locale.ROOT);
    hosts.add(address.contains(":") ? "[" + address + "]" : address);
  }

  /** Lets the request go on, or answers it. */
  void check(RoutingContext ctx) {
    HttpServerRequest request = ctx.request();
    setHeaders(ctx);
    String path = pathOf(ctx);
    boolean letIn = ingress.hasLetIn(request);
    if (path == null || !isClear(request)) {
      Problem.MALFORMED.answer(ctx);
    } else if (!letIn && !isHealth(path) && !isOurs(request.getHeader(HttpHeaders.HOST))) {
      Problem.HOST.answer(ctx);
    } else if (changesSomething(request.method()) && !isOwnOrigin(request, letIn)) {
      Problem.ORIGIN.answer(ctx);
    } else if (changesSomething(request.method()) && !isJson(request)) {
      Problem.CONTENT_TYPE.answer(ctx);
    } else if (letIn || isOpen(request, path)) {
      ctx.next();
    } else {
      logIn(ctx);
    }
  }

  /** Home Assistant's Supervisor asks for the health of its add-ons, and knows no password. */
  private boolean isOpen(HttpServerRequest request, String path) {
    return (settings.openMetrics() && isForMonitors(path))
        || (isHealth(path) && ingress.isFromProxy(request));
  }

  /** Null for an address with characters that can't be decoded. */
  private static @Nullable String pathOf(RoutingContext ctx) {
    try {
      return ctx.normalizedPath();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** Whether it says only once, and not in its address as well, whom it is for and where from. */
  private static boolean isClear(HttpServerRequest request) {
    return request.uri().startsWith("/")
        && request.headers().getAll(HttpHeaders.HOST).size() <= 1
        && request.headers().getAll(HttpHeaders.ORIGIN).size() <= 1;
  }

  /** What browsers are told with every answer. */
  void setHeaders(RoutingContext ctx) {
    boolean framed = ingress.hasLetIn(ctx.request());
    ctx.response()
        .headers()
        .set("Content-Security-Policy", framed ? FRAMED_BY_OWN_HOST : FRAMED_BY_NOBODY)
        .set("X-Content-Type-Options", "nosniff")
        .set("X-Frame-Options", framed ? "SAMEORIGIN" : "DENY")
        .set("Referrer-Policy", "no-referrer")
        .set("Cross-Origin-Resource-Policy", "same-origin")
        .set("Cross-Origin-Opener-Policy", "same-origin")
        .set("Cache-Control", "no-store");
  }

  private static boolean isHealth(String path) {
    return path.equals(HEALTH) || path.startsWith(HEALTH + "/");
  }

  private static boolean isForMonitors(String path) {
    return isHealth(path) || path.equals(METRICS) || path.equals(METRICS_ALIAS);
  }

  private static boolean changesSomething(HttpMethod method) {
    return !method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD);
  }

  private boolean isOurs(@Nullable String authority) {
    return authority != null && hosts.contains(hostOf(authority));
  }

  private static String hostOf(String authority) {
    String host = authority.toLowerCase(Locale.ROOT);
    int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
    return end <= 0 ? host : host.substring(0, end);
  }

  /** Whether the page that the request comes from is of the address that it goes to. */
  private static boolean isOwnOrigin(HttpServerRequest request, boolean letIn) {
    if (letIn) {
      return Ingress.isOwnOrigin(request);
    }
    Origin origin = Origin.of(request.getHeader(HttpHeaders.ORIGIN));
    return origin != null && origin.isOf(request.getHeader(HttpHeaders.HOST));
  }

  private static boolean isJson(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return type != null
        && type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json");
  }

  private void logIn(RoutingContext ctx) {
    String authorization = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
    String from = String.valueOf(ctx.request().remoteAddress());
    if (!login.mayTakeLong()) {
      goOn(ctx, login.check(authorization, from));
      return;
    }
    ctx.request().pause();
    ctx.vertx()
        .executeBlocking(() -> login.check(authorization, from), false)
        .onComplete(
            checked -> {
              if (checked.succeeded()) {
                goOn(ctx, checked.result());
              } else {
                ctx.fail(checked.cause());
              }
              // Not before somebody wants what it carries.
              ctx.request().resume();
            });
  }

  private static void goOn(RoutingContext ctx, Login.Outcome outcome) {
    switch (outcome) {
      case GRANTED -> ctx.next();
      case MISSING -> refuse(ctx);
      case WRONG ->
          ctx.vertx()
              .setTimer(
                  FAILED_LOGIN_MILLIS,
                  timer -> {
                    if (!ctx.response().closed()) {
                      refuse(ctx);
                    }
                  });
    }
  }

  private static void refuse(RoutingContext ctx) {
    ctx.response()
        .putHeader("WWW-Authenticate", "Basic realm=\"evse-mqtt-bridge\", charset=\"UTF-8\"");
    Problem.LOGIN.answer(ctx);
  }
}
