package dev.evsebridge.control;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.Failures;
import dev.evsebridge.runtime.Pulse;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
  private static final Duration LOOK = Duration.ofMillis(50);
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
  private @Nullable Supervision supervision;
  private @Nullable ControlWatch watch;
  private boolean opensFirst;
  private boolean opensWhenControlDies;
  private Consumer<Boolean> onlyControlled = only -> {};
  private boolean keepsControlled;
  private @Nullable Duration controlledGoAfter;
  private boolean controlledGo;
  private long controlledGoAtNanos;
  private boolean toldBrokerLost;
  private boolean openingFirst;
  private long openingUntilNanos;
  private boolean waitsForControl;
  private ControlWatch.@Nullable Verdict lastVerdict;
  private boolean everListened;
  private boolean stopping;
  private @Nullable ScheduledFuture<?> nextLook;
  private volatile boolean listening;
  private volatile boolean brokerConnected;
  private volatile boolean controlAlive;
  private final AtomicLong lastSignNanos = new AtomicLong(System.nanoTime());

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

  /**
   * From now on lets chargers under control go as well when the broker is away, so that they find
   * another bridge, but not before their controllers have had time to stop them. To be called
   * before the broker is there.
   *
   * @param patience how long stopping may take
   */
  public void letControlledGo(Duration patience) {
    controlledGoAfter = patience;
  }

  /**
   * From now on stops chargers that are commanded with raw requests gracefully before they are
   * disconnected. To be called before the broker is there.
   *
   * @param raw stops them
   * @param letNoRawIn keeps out others than chargers under control, or lets in all again
   */
  public void openFirst(Supervision raw, Consumer<Boolean> letNoRawIn) {
    this.supervision = raw;
    this.opensFirst = true;
    this.onlyControlled = letNoRawIn;
  }

  /**
   * From now on lets chargers that are commanded with raw requests be connected, or be closed, only
   * while whoever controls them is alive. To be called before the broker is there.
   *
   * @param raw takes readings of them, and stops them
   * @param hasTopic whether {@link #controlSays} tells that it is alive
   * @param timeout how long it may go without {@link #signOfLife}; zero for ever
   * @param open whether contactors are opened when it dies, instead of disconnecting the chargers
   * @param letNoRawIn keeps out others than chargers under control, or lets in all again
   */
  public void watchControl(
      Supervision raw,
      boolean hasTopic,
      Duration timeout,
      boolean open,
      Consumer<Boolean> letNoRawIn) {
    this.supervision = raw;
    this.watch = new ControlWatch(hasTopic, timeout);
    this.opensWhenControlDies = open;
    this.onlyControlled = letNoRawIn;
    raw.poll(open);
  }

  /** What whoever controls the chargers says of itself: its birth message, or its last will. */
  public void controlSays(boolean alive) {
    onControl(watched -> watched.topicSays(alive));
  }

  /**
   * A request or a sign of life has come; from any thread.
   *
   * @param arrivedAtNanos the earliest moment at which it can have arrived: what has waited while
   *     the process was frozen does not show that anybody is alive now
   */
  public void signOfLife(long arrivedAtNanos) {
    long latest = lastSignNanos.accumulateAndGet(arrivedAtNanos, (a, b) -> b - a > 0 ? b : a);
    if (!controlAlive) {
      onControl(watched -> watched.sign(latest));
    }
  }

  private void onControl(Consumer<ControlWatch> event) {
    decide(
        now -> {
          ControlWatch watched = watch;
          if (watched != null) {
            event.accept(watched);
          }
          return deadMan.look(now);
        });
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
    decide(
        now -> {
          if (watch != null) {
            watch.brokerConnected(now);
          }
          return deadMan.brokerConnected(now);
        });
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
          if (watch != null) {
            watch.brokerLost();
          }
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
            DeadManSwitch.Decision unused = event.apply(System.nanoTime());
            act();
          }
        });
  }

  private void act() {
    long nowNanos = System.nanoTime();
    judgeControl(nowNanos);
    boolean again = false;
    switch (deadMan.look(nowNanos)) {
      case LISTEN -> {
        listen();
        again = !listening;
      }
      case KEEP -> {}
      case STOP -> {
        if (!stopListening(nowNanos)) {
          lookAfter(LOOK.toNanos());
          return;
        }
        again = control != null && !listening && !deadMan.isBrokerGone();
      }
    }
    long nextLookNanos = again ? RETRY.toNanos() : deadMan.nanosToNextLook(System.nanoTime());
    lookAfter(watch == null ? nextLookNanos : Math.min(nextLookNanos, watch.nanosToNextLook()));
  }

  private void lookAfter(long nanos) {
    if (nextLook != null) {
      nextLook.cancel(false);
    }
    nextLook =
        nanos == Long.MAX_VALUE ? null : executor.schedule(this::act, nanos, TimeUnit.NANOSECONDS);
  }

  /** Whether anybody is there who commands, where that is supervised. */
  private void judgeControl(long nowNanos) {
    ControlWatch watched = watch;
    Supervision raw = supervision;
    if (watched == null || raw == null) {
      return;
    }
    if (controlAlive) {
      watched.sign(lastSignNanos.get());
    }
    ControlWatch.Verdict verdict = watched.look(nowNanos);
    controlAlive = verdict == ControlWatch.Verdict.ALIVE;
    if (verdict == lastVerdict) {
      return;
    }
    lastVerdict = verdict;
    if (opensWhenControlDies) {
      stopOrResume(raw, verdict);
    } else {
      deadMan.controlAlive(controlAlive);
      raw.poll(controlAlive);
    }
  }

  private static void stopOrResume(Supervision raw, ControlWatch.Verdict verdict) {
    switch (verdict) {
      case DEAD -> {
        LOG.warn(
            "Whoever controls the chargers is not alive (alive.topic, alive.timeout): ending all charges, and opening the contactors of chargers without a charge controller");
        raw.stop(Supervision.Reason.CONTROL_GONE);
      }
      case ALIVE -> {
        LOG.info("Whoever controls the chargers is alive");
        raw.resume(Supervision.Reason.CONTROL_GONE);
      }
      case UNKNOWN -> {}
    }
  }

  private void listen() {
    waitsForControl = false;
    controlledGo = false;
    letAllIn();
    tellControllers(false);
    if (!listening) {
      startListening();
    }
  }

  private void letAllIn() {
    if (openingFirst && supervision != null) {
      openingFirst = false;
      onlyControlled.accept(false);
      supervision.resume(Supervision.Reason.BROKER_AWAY);
      if (!opensWhenControlDies) {
        supervision.resume(Supervision.Reason.CONTROL_GONE);
      }
    }
    if (keepsControlled) {
      keepsControlled = false;
      onlyControlled.accept(false);
      LOG.info("The broker and whoever controls are there: listening for all chargers again");
    }
  }

  private void tellControllers(boolean brokerLost) {
    if (control != null && toldBrokerLost != brokerLost) {
      toldBrokerLost = brokerLost;
      if (brokerLost) {
        control.brokerLost();
      } else {
        control.brokerBack();
      }
    }
  }

  private void startListening() {
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

  /**
   * Closes what nobody can command.
   *
   * @return false while contactors are being opened before that
   */
  private boolean stopListening(long nowNanos) {
    boolean brokerGone = deadMan.isBrokerGone();
    tellControllers(brokerGone);
    if (control != null) {
      letOnlyControlledIn(brokerGone);
    } else if (!listening) {
      sayThatItWaits(brokerGone);
      return true;
    }
    if (!rawHaveStopped(brokerGone, nowNanos)) {
      return false;
    }
    String reason = brokerGone ? "the broker is away" : "whoever controls it is not alive";
    if (control != null) {
      closeUncontrolled(control, reason);
      if (!brokerGone || controlledGoAfter == null || !listening) {
        return true;
      }
      if (!controlledGo) {
        controlledGo = true;
        controlledGoAtNanos = nowNanos + controlledGoAfter.toNanos();
      }
      if (nowNanos - controlledGoAtNanos < 0) {
        return false;
      }
    }
    LOG.warn(
        "{}: closing all charger connections and no longer listening, so that their own fail-safe can act",
        whyStopped(brokerGone));
    try {
      close(reason);
    } catch (Exception e) {
      // Chargers that nobody controls must not stay: the process ends, and with it its port.
      throw new IllegalStateException("could not stop listening for chargers", e);
    }
    return true;
  }

  private String whyStopped(boolean brokerGone) {
    if (!brokerGone) {
      return "Whoever controls the chargers is not alive (alive.topic, alive.timeout)";
    }
    return deadMan.trustsConnections()
        ? "The broker has been away for %d s".formatted(grace.toSeconds())
        : "No connection to the broker has worked for %d s".formatted(grace.toSeconds());
  }

  private void sayThatItWaits(boolean brokerGone) {
    if (!brokerGone && !everListened && !waitsForControl) {
      waitsForControl = true;
      LOG.info(
          "Not listening for chargers before whoever controls them has shown that it is alive (alive.topic, alive.timeout)");
    }
  }

  private void letOnlyControlledIn(boolean brokerGone) {
    if (!keepsControlled) {
      keepsControlled = true;
      LOG.warn(
          "{}: the charge controllers go on without it; chargers without one are disconnected",
          whyStopped(brokerGone));
      onlyControlled.accept(true);
    }
    if (!listening && !brokerGone) {
      startListening();
    }
  }

  private void closeUncontrolled(ChargeControl controllers, String reason) {
    for (ChargerSession session : registry.sessions()) {
      if (!controllers.controls(session)) {
        session.close(reason);
      }
    }
  }

  /** Whether the contactors are open that are to be opened before the chargers are disconnected. */
  private boolean rawHaveStopped(boolean brokerGone, long nowNanos) {
    Supervision raw = supervision;
    if (raw == null || !opensFirst) {
      return true;
    }
    if (!openingFirst) {
      openingFirst = true;
      openingUntilNanos = nowNanos + raw.longestStop().toNanos();
      onlyControlled.accept(true);
      raw.stop(brokerGone ? Supervision.Reason.BROKER_AWAY : Supervision.Reason.CONTROL_GONE);
      if (!raw.isStopped()) {
        LOG.warn("{}: ending all charges before chargers are disconnected", whyStopped(brokerGone));
      }
    }
    return raw.isStopped() || nowNanos - openingUntilNanos >= 0;
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
    executor.executeAndWait(
        () -> {
          stopping = true;
          lookAfter(Long.MAX_VALUE);
          if (listening) {
            closeForGood();
          }
        },
        Duration.ofSeconds(2 * STOP_SECONDS));
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
