package dev.evsebridge.web;

import dev.evsebridge.config.WebSettings;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ingress of Home Assistant: it shows the page within its own, and its Supervisor passes on
 * what the browsers of those who have logged in there ask for. It does so from one address, and
 * says in a header of its own under which path it does. From any other address the header means
 * nothing.
 *
 * <p>See <a href="https://developers.home-assistant.io/docs/add-ons/presentation#ingress">Home
 * Assistant's documentation</a>. Neither Home Assistant nor the Supervisor changes {@code Host} and
 * {@code Origin}: they are those of Home Assistant.
 */
final class Ingress {

  private static final String PATH = "X-Ingress-Path";
  private static final String FORWARDED_HOST = "X-Forwarded-Host";

  private final @Nullable String proxy;

  Ingress(WebSettings settings) {
    this.proxy = settings.ingress().orElse(null);
  }

  /** Whether it comes from the Supervisor, be it for somebody else or by itself. */
  boolean isFromProxy(HttpServerRequest request) {
    // Not the address that a header may name.
    return proxy != null && proxy.equals(request.connection().remoteAddress().hostAddress());
  }

  /** Whether somebody asks who has logged in to Home Assistant. */
  boolean hasLetIn(HttpServerRequest request) {
    if (!isFromProxy(request)) {
      return false;
    }
    List<String> paths = request.headers().getAll(PATH);
    return paths.size() == 1 && paths.get(0).startsWith("/");
  }

  /**
   * Whether the page that such a request comes from is of the host that it goes to. The port is not
   * looked at: a proxy before Home Assistant may have left it out. What another port of the same
   * host sends as JSON the browser asks Home Assistant about first, and that refuses it.
   */
  static boolean isOwnOrigin(HttpServerRequest request) {
    Origin origin = Origin.of(request.getHeader(HttpHeaders.ORIGIN));
    return origin != null
        && (origin.isOnHostOf(request.getHeader(HttpHeaders.HOST))
            || origin.isOnHostOf(request.getHeader(FORWARDED_HOST)));
  }
}
