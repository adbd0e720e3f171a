package dev.evsebridge.control;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.Failures;
import dev.evsebridge.runtime.Pulse;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.apache.camel.ServiceStatus;
import org.apache.camel.spi.RouteController;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets chargers connect only while somebody can control them.
 *
 * <p>A charger opens its contactor by itself when nobody talks to it for 300 s, and every accepted
 * connection restarts that clock. So the listener route runs only once the broker has been reached,
 * and it is stopped, with all connections, when the broker has been away for the grace period. The
 * {@link DeadManSwitch} decides, here it is done.
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
  private final DeadManSwitch deadMan;

  private @Nullable ChargeControl control;
  private Consumer<Boolean> onlyControlled = only -> {};
  private boolean keepsControlled;
  private boolean everListened;
  private boolean stopping;
  private @Nullable ScheduledFuture<?> nextLook;
  private volatile boolean listening;
  private volatile boolean brokerConnected;

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
    this.deadMan = new DeadManSwitch(grace);
  }

  /**
   * From now on keeps chargers under control connected while the broker is away: their controller
   * watches them, and stops them where nothing else is set. To be called before the broker is
   * there.
   *
   * @param onlyControlled lets in only chargers under control, or all again
   */
  public void keepControlled(ChargeControl chargeControl, Consumer<Boolean> onlyControlled) {
    this.control = chargeControl;
    this.onlyControlled = onlyControlled;
  }

  /** Beats while the thread of the fail-safe is at work. */
  public Pulse pulse() {
    return executor.pulse();
  }

  /** Whether chargers can connect. */
  public boolean isListening() {
    return listening;
  }

  /** Whether the broker is connected. */
  public boolean isBrokerConnected() {
    return brokerConnected;
  }

  @Override
  public void brokerConnected() {
    brokerConnected = true;
    decide(deadMan::brokerConnected);
  }

  @Override
  public void brokerProven() {
    decide(deadMan::brokerProven);
  }

  @Override
  public void brokerLost() {
    brokerConnected = false;
    decide(
        now -> {
          DeadManSwitch.Decision decision = deadMan.brokerLost(now);
          if (listening && decision == DeadManSwitch.Decision.KEEP) {
            LOG.warn(
                "Without the broker nobody controls the chargers: unless a connection to it works again within {} s of the first loss, their connections will be closed",
                grace.toSeconds());
          }
          return decision;
        });
  }

  /** The listener route has been reloaded: its new version does not listen yet. */
  public void listenerReloaded() {
    decide(
        now -> {
          listening = false;
          return deadMan.look(now);
        });
  }

  private void decide(LongFunction<DeadManSwitch.Decision> event) {
    executor.executeUnlessStopped(
        () -> {
          if (!stopping) {
            act(event.apply(System.nanoTime()));
          }
        });
  }

  private void act(DeadManSwitch.Decision decision) {
    switch (decision) {
      case LISTEN -> listen();
      case KEEP -> {}
      case STOP -> stopListening();
    }
    lookAfter(
        decision == DeadManSwitch.Decision.LISTEN && !listening
            ? RETRY.toNanos()
            : deadMan.nanosToNextLook(System.nanoTime()));
  }

  private void lookAfter(long nanos) {
    if (nextLook != null) {
      nextLook.cancel(false);
    }
    nextLook =
        nanos == Long.MAX_VALUE
            ? null
            : executor.schedule(
                () -> act(deadMan.look(System.nanoTime())), nanos, TimeUnit.NANOSECONDS);
  }

  private void listen() {
    if (keepsControlled && control != null) {
      keepsControlled = false;
      onlyControlled.accept(false);
      control.brokerBack();
      LOG.info("The broker is back: listening for all chargers again");
    }
    if (listening) {
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
    }
  }

  private void stopListening() {
    ChargeControl controllers = control;
    if (controllers != null) {
      stopUncontrolled(controllers);
      return;
    }
    if (!listening) {
      return;
    }
    LOG.warn(
        deadMan.trustsConnections()
            ? "The broker has been away for {} s: closing all charger connections and no longer listening, so that their own fail-safe can act"
            : "No connection to the broker has worked for {} s: closing all charger connections and no longer listening, so that their own fail-safe can act",
        grace.toSeconds());
    try {
      close("the broker is away");
    } catch (Exception e) {
      // Chargers that nobody controls must not stay: the process ends, and with it its port.
      throw new IllegalStateException("could not stop listening for chargers", e);
    }
  }

  private void stopUncontrolled(ChargeControl controllers) {
    if (keepsControlled) {
      return;
    }
    keepsControlled = true;
    LOG.warn(
        "No connection to the broker has worked for {} s: the charge controllers go on without it; chargers without one are disconnected",
        grace.toSeconds());
    onlyControlled.accept(true);
    controllers.brokerLost();
    for (ChargerSession session : registry.sessions()) {
      if (!controllers.controls(session)) {
        session.close("the broker is away");
      }
    }
  }

  private void close(String reason) throws Exception {
    listening = false;
    registry.closeAll(reason);
    routes.stopRoute(listenerRouteId, STOP_SECONDS, TimeUnit.SECONDS);
    ServiceStatus status = routes.getRouteStatus(listenerRouteId);
    if (status != null && !status.isStopped()) {
      throw new IllegalStateException("the route %s is %s".formatted(listenerRouteId, status));
    }
  }

  /** Closes all chargers for good. */
  public void stop() {
    CountDownLatch done = new CountDownLatch(1);
    try {
      executor.execute(
          () -> {
            stopping = true;
            lookAfter(Long.MAX_VALUE);
            if (listening) {
              closeForGood();
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

  private void closeForGood() {
    try {
      close("the bridge is stopping");
    } catch (Exception e) {
      // The process ends in any case.
      LOG.error("Could not stop listening for chargers: {}", Failures.rootMessage(e));
    }
  }
}
