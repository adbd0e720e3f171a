package dev.evsebridge.app.reload;

import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.mqtt.BrokerConnection;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.CamelContext;

/**
 * Keeps messages away from routes that are being reloaded: requests wait at the broker's
 * connection, chargers are held back by TCP. Nothing is lost and no connection closed.
 */
public final class RouteTraffic implements RouteReload.Traffic {

  /** A request may be waiting for its charger's answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(6);

  private static final String EDITED =
      "The routes have been edited before the outcome was known; it may have been carried out.";

  private static final Duration STRAGGLERS = Duration.ofMillis(500);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final CamelContext context;
  private final BrokerConnection broker;
  private final BackPressure backPressure;
  private final OpenRequests requests;
  private final Announcements announcements;

  public RouteTraffic(
      CamelContext context,
      BrokerConnection broker,
      BackPressure backPressure,
      OpenRequests requests,
      Announcements announcements) {
    this.requests = requests;
    this.announcements = announcements;
    this.context = context;
    this.broker = broker;
    this.backPressure = backPressure;
  }

  @Override
  public void stop(Set<String> routeIds) {
    broker.pauseDelivery();
    if (!awaitIdle(routeIds, PATIENCE)) {
      requests.giveUp(routeIds::contains, ErrorCode.TIMEOUT, EDITED);
    }
    backPressure.pauseAndWait(BackPressure.Reason.ROUTES_RELOADING);
    announcements.hold();
    boolean unused = awaitIdle(routeIds, STRAGGLERS);
  }

  private boolean awaitIdle(Set<String> routeIds, Duration patience) {
    long endNanos = System.nanoTime() + patience.toNanos();
    while (isBusy(routeIds)) {
      if (System.nanoTime() - endNanos >= 0) {
        return false;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return true;
  }

  private boolean isBusy(Set<String> routeIds) {
    return routeIds.stream().anyMatch(id -> context.getInflightRepository().size(id) > 0);
  }

  @Override
  public void resume() {
    announcements.resume();
    try {
      backPressure.resume(BackPressure.Reason.ROUTES_RELOADING);
    } finally {
      // Whatever is wrong with a connection, commands must get through.
      broker.resumeDelivery();
    }
  }
}
