package dev.evsebridge.mqtt;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection of an endpoint that has one of its own, most often to another broker. That broker
 * may be slow, frozen or away: everything that waits for it happens on a thread of this connection,
 * so that no route, and no reload of routes, waits for a third party.
 */
final class OwnConnection {

  private static final Logger LOG = LoggerFactory.getLogger(OwnConnection.class);

  private static final Duration RETRY = Duration.ofSeconds(5);

  /** The client library would wait without a limit. */
  private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(20);

  private static final Duration GOODBYE_TIMEOUT = Duration.ofSeconds(2);

  /**
   * By broker and client id: a connection that takes the place of another, because its route has
   * been edited, begins when that has ended. The broker would throw out one of two.
   */
  private static final Map<String, CompletableFuture<Void>> ENDING = new ConcurrentHashMap<>();

  private final String brokerUrl;
  private final String place;
  private final String consequence;
  private final Clients clients;
  private final MqttConnectionOptions options;
  private final boolean reconnect;
  private final Use use;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("mqtt-own", true));

  private CompletableFuture<MqttClient> attempt = new CompletableFuture<>();
  private @Nullable OwnClient client;
  private @Nullable String key;
  private boolean failing;
  private boolean stopped;

  /** Makes a client that is not connected. */
  @FunctionalInterface
  interface Clients {
    OwnClient create() throws MqttException;
  }

  /** What a connected client is for. */
  @FunctionalInterface
  interface Use {
    void begin(MqttClient connected) throws Exception;
  }

  /**
   * Creates a connection that is not begun.
   *
   * @param place where it is used, for the log: topic and routes
   * @param consequence what being without a connection means, for the log
   */
  OwnConnection(
      String brokerUrl,
      String place,
      String consequence,
      Clients clients,
      MqttConnectionOptions options,
      Use use) {
    this.brokerUrl = brokerUrl;
    this.place = place;
    this.consequence = consequence;
    this.clients = clients;
    this.options = options;
    this.reconnect = options.isAutomaticReconnect();
    this.use = use;
    // The client library's own would go on after the connection has been given up.
    options.setAutomaticReconnect(false);
  }

  /** Begins to connect; returns at once. */
  void start() {
    executor.execute(this::connect);
  }

  private void connect() {
    OwnClient fresh;
    synchronized (this) {
      if (stopped) {
        return;
      }
      try {
        fresh = clients.create();
      } catch (MqttException | RuntimeException e) {
        failed(e);
        return;
      }
      fresh.setTimeToWait(RESPONSE_TIMEOUT.toMillis());
      client = fresh;
      key = brokerUrl + " " + fresh.getClientId();
    }
    try {
      awaitPredecessor(String.valueOf(key));
      fresh.onLost(reason -> lost(fresh, reason));
      fresh.connect(options);
      use.begin(fresh);
      succeeded(fresh);
    } catch (Exception e) {
      var unused = abandon(fresh);
      failed(e);
    }
  }

  private static void awaitPredecessor(String key) throws InterruptedException, ExecutionException {
    CompletableFuture<Void> ending = ENDING.get(key);
    if (ending != null) {
      try {
        ending.get(2 * GOODBYE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        LOG.debug("The connection before this one does not end: {}", key);
      }
    }
  }

  private synchronized void succeeded(OwnClient fresh) {
    if (stopped) {
      var unused = abandon(fresh);
      return;
    }
    if (!fresh.isConnected()) {
      var unused = abandon(fresh);
      failed(new IllegalStateException("it has hung up"));
      return;
    }
    if (failing) {
      LOG.info("Connected to broker {} for {}", brokerUrl, place);
    }
    failing = false;
    if (!attempt.complete(fresh)) {
      attempt = CompletableFuture.completedFuture(fresh);
    }
  }

  private synchronized void failed(Exception e) {
    if (stopped) {
      return;
    }
    String reason = BrokerFailure.explain(e).replace("mqtt.broker", "brokerUrl");
    if (!failing) {
      LOG.warn(
          "Broker {} can't be reached for {}: {} (trying again every {} s; until then {})",
          brokerUrl,
          place,
          reason,
          RETRY.toSeconds(),
          consequence);
    }
    failing = true;
    attempt.completeExceptionally(notConnected(reason));
    executor.schedule(this::connect, RETRY.toMillis(), TimeUnit.MILLISECONDS);
  }

  private IllegalStateException notConnected(String reason) {
    return new IllegalStateException(
        "broker %s of %s can't be reached: %s".formatted(brokerUrl, place, reason));
  }

  private synchronized void lost(OwnClient broken, String reason) {
    if (stopped || client != broken || !attempt.isDone()) {
      return;
    }
    failing = true;
    attempt = CompletableFuture.failedFuture(notConnected(reason));
    var unused = abandon(broken);
    LOG.warn(
        "Lost the broker {} of {}: {} ({}{})",
        brokerUrl,
        place,
        reason,
        reconnect ? "until it is back, " : "it is not connected again: ",
        consequence);
    if (reconnect) {
      executor.schedule(this::connect, RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /**
   * The connected client; waits while the first attempt is under way. Not for threads of routes.
   *
   * @throws IllegalStateException when there is no connection
   */
  MqttClient connected() throws InterruptedException {
    CompletableFuture<MqttClient> current;
    synchronized (this) {
      current = attempt;
    }
    try {
      return current.get(2 * RESPONSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause() == null ? null : e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      throw notConnected("it does not answer");
    }
  }

  /**
   * Ends the connection.
   *
   * @param patience how long to wait until the broker knows
   */
  void stop(Duration patience) {
    CompletableFuture<Void> ended = CompletableFuture.completedFuture(null);
    synchronized (this) {
      stopped = true;
      executor.shutdown();
      attempt.completeExceptionally(notConnected("its route has ended"));
      if (client != null) {
        ended = abandon(client);
        client = null;
      }
    }
    try {
      var unused = ended.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("{} goes on ending by itself", place);
    }
  }

  /** Says goodbye to a broker that answers, and hangs up on one that does not. */
  private CompletableFuture<Void> abandon(OwnClient ended) {
    String name = String.valueOf(key);
    CompletableFuture<Void> done = new CompletableFuture<>();
    ENDING.put(name, done);
    Thread thread =
        new Thread(
            () -> {
              ended.end(GOODBYE_TIMEOUT);
              done.complete(null);
              boolean unused = ENDING.remove(name, done);
            },
            "mqtt-own-end");
    thread.setDaemon(true);
    thread.start();
    return done;
  }
}
