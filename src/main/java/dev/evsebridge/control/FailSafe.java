package dev.evsebridge.control;

import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.Failures;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.camel.spi.RouteController;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets chargers connect only while somebody can control them.
 *
 * <p>A charger opens its contactor by itself when nobody talks to it for 300 s, and every accepted
 * connection restarts that clock. So the listener route runs only once the broker has been reached,
 * and it is stopped, with all connections, when the broker has been away for the grace period.
 */
public final class FailSafe implements BrokerListener {

  private static final Logger LOG = LoggerFactory.getLogger(FailSafe.class);
  private static final Duration RETRY = Duration.ofSeconds(5);
  private static final long STOP_SECONDS = 2;

  private final RouteController routes;
  private final String listenerRouteId;
  private final String address;
  private final SessionRegistry registry;
  private final Duration grace;
  private final Runnable firstStarted;
  private final Consumer<Exception> firstStartFailed;
  private final FailStopExecutor executor = new FailStopExecutor("fail-safe");

  private boolean brokerThere;
  private boolean everListened;
  private boolean listening;
  private @Nullable ScheduledFuture<?> pending;

  /**
   * Creates the fail-safe; it listens only after {@link #brokerConnected}.
   *
   * @param address what to call the listening address in the log
   * @param firstStarted is told when chargers can connect for the first time
   * @param firstStartFailed is told when chargers can't be listened for from the start
   */
  public FailSafe(
      RouteController routes,
      String listenerRouteId,
      String address,
      SessionRegistry registry,
      Duration grace,
      Runnable firstStarted,
      Consumer<Exception> firstStartFailed) {
    this.routes = routes;
    this.listenerRouteId = listenerRouteId;
    this.address = address;
    this.registry = registry;
    this.grace = grace;
    this.firstStarted = firstStarted;
    this.firstStartFailed = firstStartFailed;
  }

  @Override
  public void brokerConnected() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = true;
          cancelPending();
          listen();
        });
  }

  @Override
  public void brokerLost() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = false;
          cancelPending();
          LOG.warn(
              "Without the broker nobody controls the chargers: unless it is back within {} s, their connections will be closed",
              grace.toSeconds());
          pending =
              executor.schedule(this::stopAfterGrace, grace.toMillis(), TimeUnit.MILLISECONDS);
        });
  }

  /** The listener route has been reloaded: its new version does not listen yet. */
  public void listenerReloaded() {
    executor.executeUnlessStopped(
        () -> {
          listening = false;
          if (brokerThere) {
            listen();
          }
        });
  }

  private void cancelPending() {
    if (pending != null) {
      pending.cancel(false);
      pending = null;
    }
  }

  private void listen() {
    if (listening || !brokerThere) {
      return;
    }
    try {
      routes.startRoute(listenerRouteId);
      listening = true;
      LOG.info("Listening for chargers on {}", address);
      if (!everListened) {
        everListened = true;
        firstStarted.run();
      }
    } catch (Exception e) {
      if (!everListened) {
        firstStartFailed.accept(e);
        return;
      }
      LOG.error(
          "Can't listen for chargers on {}: {}; trying again", address, Failures.rootMessage(e));
      pending = executor.schedule(this::listen, RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void stopAfterGrace() {
    if (brokerThere || !listening) {
      return;
    }
    LOG.warn(
        "The broker has been away for {} s: closing all charger connections and no longer listening, so that their own fail-safe can act",
        grace.toSeconds());
    stopListening("the broker is away");
  }

  private void stopListening(String reason) {
    listening = false;
    try {
      registry.closeAll(reason);
      routes.stopRoute(listenerRouteId, STOP_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      LOG.error("Could not stop listening for chargers: {}", Failures.rootMessage(e));
    }
  }

  /** Closes all chargers for good. */
  public void stop() {
    CountDownLatch done = new CountDownLatch(1);
    try {
      executor.execute(
          () -> {
            brokerThere = false;
            cancelPending();
            if (listening) {
              stopListening("the bridge is stopping");
            }
            done.countDown();
          });
      boolean unused = done.await(2 * STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RejectedExecutionException e) {
      LOG.debug("Already stopped", e);
    }
    executor.shutdownNow();
  }
}
