package dev.evsebridge.web;

import dev.evsebridge.config.WebSettings;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.net.URISyntaxException;
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

  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
          + " frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

  private final WebSettings settings;
  private final Login login;
  private final Set<String> hosts = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

  SecurityRules(WebSettings settings) {
    this.settings = settings;
    this.login = new Login(settings);
    hosts.addAll(settings.hostNames());
    String address = settings.address().toLowerCase(Locale.ROOT);
    hosts.add(address.contains(":") ? "[" + address + "]" : address);
  }

  /** Lets the request go on, or answers it. */
  void check(RoutingContext ctx) {
    HttpServerRequest request = ctx.request();
    setHeaders(ctx.response().headers());
    String path = pathOf(ctx);
    String host = request.getHeader(HttpHeaders.HOST);
    if (path == null || !isClear(request)) {
      Problem.MALFORMED.answer(ctx);
    } else if (!isHealth(path) && !isOurs(host)) {
      Problem.HOST.answer(ctx);
    } else if (changesSomething(request.method()) && !isOwnOrigin(request, host)) {
      Problem.ORIGIN.answer(ctx);
    } else if (changesSomething(request.method()) && !isJson(request)) {
      Problem.CONTENT_TYPE.answer(ctx);
    } else if (settings.openMetrics() && isForMonitors(path)) {
      ctx.next();
    } else {
      logIn(ctx);
    }
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
  static void setHeaders(MultiMap headers) {
    headers
        .set("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        .set("X-Content-Type-Options", "nosniff")
        .set("X-Frame-Options", "DENY")
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
  private static boolean isOwnOrigin(HttpServerRequest request, @Nullable String host) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin == null || host == null) {
      return false;
    }
    try {
      URI from = new URI(origin);
      String scheme = from.getScheme();
      if (from.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
        return false;
      }
      // Before a proxy that speaks TLS the scheme is another one; what the browser names is not.
      int usualPort = "https".equals(scheme) ? HTTPS_PORT : HTTP_PORT;
      URI to = new URI(scheme + "://" + host);
      return from.getHost().equalsIgnoreCase(to.getHost())
          && portOr(from, usualPort) == portOr(to, usualPort)
          && origin.equalsIgnoreCase(
              scheme + "://" + from.getHost() + (from.getPort() < 0 ? "" : ":" + from.getPort()));
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static int portOr(URI uri, int usual) {
    return uri.getPort() < 0 ? usual : uri.getPort();
  }

  private static boolean isJson(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return type != null
        && type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json");
  }

  private void logIn(RoutingContext ctx) {
    String authorization = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
    switch (login.check(authorization, String.valueOf(ctx.request().remoteAddress()))) {
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
