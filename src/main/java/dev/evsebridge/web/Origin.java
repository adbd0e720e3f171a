package dev.evsebridge.web;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Where the page is from that a request comes from, as browsers say it in the header {@code Origin}
 * (RFC 6454).
 *
 * @param port the usual one of the scheme where none is named
 */
record Origin(String scheme, String host, int port) {

  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  /** Null where there is none, or one of which browsers say no more than {@code null}. */
  static @Nullable Origin of(@Nullable String header) {
    if (header == null) {
      return null;
    }
    try {
      URI uri = new URI(header);
      String scheme = uri.getScheme();
      String host = uri.getHost();
      if (host == null || !("http".equals(scheme) || "https".equals(scheme))) {
        return null;
      }
      String whole = scheme + "://" + host + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
      return header.equalsIgnoreCase(whole) ? new Origin(scheme, host, portOf(uri)) : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static int portOf(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equals(uri.getScheme()) ? HTTPS_PORT : HTTP_PORT;
  }

  /**
   * Whether it is this address, as {@code Host} says it. Before a proxy that speaks TLS the scheme
   * is another one; what the browser names is not.
   */
  boolean isOf(@Nullable String authority) {
    URI to = at(authority);
    return to != null && host.equalsIgnoreCase(to.getHost()) && port == portOf(to);
  }

  /** Whether it is this host, on whatever port: proxies often leave that out. */
  boolean isOnHostOf(@Nullable String authority) {
    URI to = at(authority);
    return to != null && host.equalsIgnoreCase(to.getHost());
  }

  private @Nullable URI at(@Nullable String authority) {
    try {
      return authority == null ? null : new URI(scheme + "://" + authority);
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
