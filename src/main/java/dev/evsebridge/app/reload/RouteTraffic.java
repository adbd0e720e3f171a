package dev.evsebridge.app.reload;

import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.mqtt.BrokerConnection;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pauses what passes through the routes: requests wait at the broker's connection, chargers by
 * TCP's flow control, what the bridge itself says in its queue. Nothing is lost and no connection
 * closed.
 *
 * <p>However long a reload takes, traffic passes again after {@link #DEADLINE}.
 */
public final class RouteTraffic implements Traffic {

  private static final Logger LOG = LoggerFactory.getLogger(RouteTraffic.class);

  /** From the first message that waits on. */
  private static final Duration DEADLINE = Duration.ofSeconds(8);

  /** A request may be waiting for its charger's response. */
  private static final Duration FOR_CHARGERS = Duration.ofSeconds(6);

  /** A route that waits for something else, such as another broker, is not waited for longer. */
  private static final Duration FOR_ROUTES = Duration.ofMillis(500);

  private static final String EDITED =
      "The routes have been edited before the outcome was known; it may have been carried out.";

  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final CamelContext context;
  private final BrokerConnection broker;
  private final BackPressure backPressure;
  private final OpenRequests requests;
  private final Announcements announcements;
  private final ReloadableDirect direct;
  private final Duration atMost;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          new DefaultThreadFactory("route-reload-deadline", true));
  private @Nullable ScheduledFuture<?> deadline;

  /** Creates the traffic of running routes. */
  public RouteTraffic(
      CamelContext context,
      BrokerConnection broker,
      BackPressure backPressure,
      OpenRequests requests,
      Announcements announcements,
      ReloadableDirect direct) {
    this(context, broker, backPressure, requests, announcements, direct, DEADLINE);
  }

  RouteTraffic(
      CamelContext context,
      BrokerConnection broker,
      BackPressure backPressure,
      OpenRequests requests,
      Announcements announcements,
      ReloadableDirect direct,
      Duration atMost) {
    this.atMost = atMost;
    this.direct = direct;
    this.requests = requests;
    this.announcements = announcements;
    this.context = context;
    this.broker = broker;
    this.backPressure = backPressure;
  }

  @Override
  public void pause(Set<String> routeIds) {
    deadline = timer.schedule(this::tooLong, atMost.toMillis(), TimeUnit.MILLISECONDS);
    broker.pauseDelivery(atMost, FOR_ROUTES);
    long pausedAtNanos = System.nanoTime();
    if (!await(() -> !requests.anyOf(routeIds::contains), FOR_CHARGERS)) {
      requests.giveUp(routeIds::contains, ErrorCode.TIMEOUT, EDITED);
    }
    // While their routes are there to say what has become of them.
    Duration left = FOR_ROUTES.minusNanos(System.nanoTime() - pausedAtNanos);
    if (!await(() -> !requests.anyOnItsWay(routeIds::contains), left)) {
      requests.giveUpOnTheirWay(routeIds::contains);
    }
    announcements.pause(atMost);
    backPressure.pauseAndWait(BackPressure.Reason.ROUTES_RELOADING, FOR_ROUTES);
    direct.reloading();
    boolean unused =
        announcements.awaitIdle(FOR_ROUTES) && await(() -> !isBusy(routeIds), FOR_ROUTES);
  }

  private static boolean await(BooleanSupplier done, Duration patience) {
    long endNanos = System.nanoTime() + patience.toNanos();
    while (!done.getAsBoolean()) {
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

  private void tooLong() {
    LOG.error(
        "Reloading routes takes longer than {} s: messages pass again before it is done",
        atMost.toSeconds());
    pass();
  }

  @Override
  public void resume() {
    if (deadline != null) {
      deadline.cancel(false);
    }
    pass();
  }

  private void pass() {
    direct.reloaded();
    announcements.resume();
    try {
      backPressure.resume(BackPressure.Reason.ROUTES_RELOADING);
    } finally {
      // Whatever is wrong with a connection, commands must get through.
      broker.resumeDelivery();
    }
  }
}
