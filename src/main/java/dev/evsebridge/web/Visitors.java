package dev.evsebridge.web;

import dev.evsebridge.runtime.LogThrottle;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections to the page, of which there may be some at a time. One that neither asks
 * anything nor reads what it has been answered is closed: nobody may keep others out by saying
 * nothing. Used on the server's event loop only.
 */
final class Visitors {

  private static final Logger LOG = LoggerFactory.getLogger(Visitors.class);

  /** How often {@link #sweep} is to be called. */
  static final Duration SWEEP = Duration.ofSeconds(5);

  private static final int MOST = 64;
  private static final long IDLE_NANOS = Duration.ofSeconds(30).toNanos();

  private final Map<HttpConnection, Visitor> open = new HashMap<>();
  private final LogThrottle refusals = new LogThrottle(1, Duration.ofMinutes(1));

  private static final class Visitor {
    /** While it waits for its answer nothing is expected of it. */
    boolean waits;

    long sinceNanos = System.nanoTime();

    void set(boolean nowWaits) {
      waits = nowWaits;
      sinceNanos = System.nanoTime();
    }
  }

  void opened(HttpConnection connection) {
    if (open.size() >= MOST) {
      refusals.log(
          suffix ->
              LOG.warn(
                  "Refused a connection to the page from {}: {} are open{}",
                  connection.remoteAddress(),
                  MOST,
                  suffix));
      connection.close();
      return;
    }
    open.put(connection, new Visitor());
    connection.closeHandler(closed -> open.remove(connection));
  }

  /** The head of a request has come. */
  void asked(HttpServerRequest request) {
    Visitor visitor = open.get(request.connection());
    if (visitor == null) {
      return;
    }
    boolean bodyFollows =
        !request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD);
    visitor.set(!bodyFollows);
    request.response().endHandler(ended -> visitor.set(false));
  }

  /** The whole request has come. */
  void askedAll(@Nullable HttpConnection connection) {
    Visitor visitor = open.get(connection);
    if (visitor != null) {
      visitor.set(true);
    }
  }

  /** Closes those of whom something has been expected for too long. */
  void sweep() {
    long now = System.nanoTime();
    List.copyOf(open.entrySet()).stream()
        .filter(each -> !each.getValue().waits && now - each.getValue().sinceNanos > IDLE_NANOS)
        .forEach(each -> each.getKey().close());
  }
}
