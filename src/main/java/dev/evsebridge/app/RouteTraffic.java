package dev.evsebridge.app;

import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.request.SendToCharger;
import dev.evsebridge.routes.RouteFiles;
import dev.evsebridge.session.Intake;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.CamelContext;

/**
 * Keeps messages away from routes that are being exchanged: requests wait at the broker's
 * connection, chargers are held back by TCP. Nothing is lost and no connection closed.
 */
final class RouteTraffic implements RouteFiles.Traffic {

  /** A request may be waiting for its charger's answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(6);

  private static final String EDITED =
      "The routes have been edited before the outcome was known; it may have been carried out.";

  private static final Duration STRAGGLERS = Duration.ofMillis(500);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final CamelContext context;
  private final BrokerConnection broker;
  private final Intake intake;
  private final SendToCharger requests;
  private final Announcements announcements;

  RouteTraffic(
      CamelContext context,
      BrokerConnection broker,
      Intake intake,
      SendToCharger requests,
      Announcements announcements) {
    this.requests = requests;
    this.announcements = announcements;
    this.context = context;
    this.broker = broker;
    this.intake = intake;
  }

  @Override
  public void stop(Set<String> routeIds) {
    broker.holdDelivery();
    if (!awaitIdle(routeIds, PATIENCE)) {
      requests.giveUp(ErrorCode.TIMEOUT, EDITED);
    }
    intake.shutAndWait(Intake.Reason.ROUTES_RELOADING);
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
      intake.open(Intake.Reason.ROUTES_RELOADING);
    } finally {
      // Whatever is wrong with a connection, commands must get through.
      broker.releaseDelivery();
    }
  }
}
