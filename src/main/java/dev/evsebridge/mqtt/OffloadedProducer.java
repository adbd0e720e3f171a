package dev.evsebridge.mqtt;

import dev.evsebridge.charger.session.OpenRequests;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Producer;
import org.apache.camel.support.DefaultAsyncProducer;
import org.apache.camel.support.ExchangeHelper;
import org.apache.camel.support.service.ServiceHelper;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stock producer, which waits for its broker, on a thread of its own: in order, with a
 * bounded queue, and never on the threads that serve chargers. Its end waits for nobody either.
 *
 * <p>A message may be a request on its way to a charger. So none waits for longer than {@link
 * #PATIENCE}: whoever sent it must hear of an outcome, and no command may be carried out minutes
 * later, because a frozen broker has thawed.
 */
final class OffloadedProducer extends DefaultAsyncProducer {

  private static final Logger LOG = LoggerFactory.getLogger(OffloadedProducer.class);

  private static final int MOST_MESSAGES = 1_000;
  private static final long MOST_BYTES = 8L * 1024 * 1024;

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long LOOK_MILLIS = 500;

  private final BridgeMqttEndpoint endpoint;
  private final PahoMqtt5Producer stock;
  private final OpenRequests openRequests;
  private final Set<Publication> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicLong waitingBytes = new AtomicLong();
  private @Nullable ThreadPoolExecutor executor;
  private @Nullable ScheduledExecutorService watch;
  private @Nullable OwnConnection connection;

  OffloadedProducer(
      BridgeMqttEndpoint endpoint, PahoMqtt5Producer stock, OpenRequests openRequests) {
    super(endpoint);
    this.openRequests = openRequests;
    this.endpoint = endpoint;
    this.stock = stock;
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    Publication publication = new Publication(exchange, callback);
    ThreadPoolExecutor worker = executor;
    waiting.add(publication);
    try {
      if (worker == null) {
        throw new RejectedExecutionException("not started");
      }
      if (waitingBytes.addAndGet(publication.bytes) > MOST_BYTES) {
        throw new RejectedExecutionException("too long");
      }
      worker.execute(publication);
      return false;
    } catch (RejectedExecutionException e) {
      publication.forget();
      exchange.setException(
          new IllegalStateException(
              "the message is dropped: as many as can be kept wait for the broker of "
                  + endpoint.place()));
      callback.done(true);
      return true;
    }
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    OwnConnection fresh =
        endpoint.ownConnection(
            "messages for it are dropped, and each is reported as route_failed", stock::setClient);
    connection = fresh;
    fresh.start();
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_MESSAGES),
            new DefaultThreadFactory("mqtt-publisher", true));
    ScheduledExecutorService looking =
        Executors.newSingleThreadScheduledExecutor(
            new DefaultThreadFactory("mqtt-publisher-watch", true));
    var unused =
        looking.scheduleWithFixedDelay(
            this::endThoseThatWaitTooLong, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    watch = looking;
  }

  private void endThoseThatWaitTooLong() {
    long now = System.nanoTime();
    for (Publication each : waiting) {
      if (now - each.sinceNanos >= PATIENCE.toNanos()) {
        each.end(
            dropped("its broker has not taken it within %d s".formatted(PATIENCE.toSeconds())));
      }
    }
  }

  private IllegalStateException dropped(String reason) {
    return new IllegalStateException(
        "the message is dropped, %s: %s".formatted(endpoint.place(), reason));
  }

  @Override
  protected void doStop() throws Exception {
    ThreadPoolExecutor ended = executor;
    OwnConnection own = connection;
    executor = null;
    if (watch != null) {
      watch.shutdown();
    }
    List<Publication> given = waiting.stream().filter(Publication::claim).toList();
    if (own != null) {
      own.stop(endpoint.goodbyePatience());
    }
    if (ended != null) {
      ended.shutdownNow();
    }
    if (!given.isEmpty()) {
      LOG.warn(
          "Dropped {} messages that waited for the broker of {}: the route has ended",
          given.size(),
          endpoint.place());
      // Not here: whoever waits for them may be waited for by whoever stops this one.
      new DefaultThreadFactory("mqtt-publisher-end", true)
          .newThread(() -> given.forEach(Publication::giveUp))
          .start();
    }
    super.doStop();
  }

  /** A message on its way; its route goes on once, whoever is first. */
  private final class Publication implements Runnable {
    private final Exchange exchange;
    private final AsyncCallback callback;
    private final long bytes;
    private final long sinceNanos = System.nanoTime();
    private final Runnable done;
    private final AtomicBoolean ended = new AtomicBoolean();

    Publication(Exchange exchange, AsyncCallback callback) {
      this.exchange = exchange;
      this.callback = callback;
      byte[] payload = exchange.getMessage().getBody(byte[].class);
      this.bytes = payload == null ? 0 : payload.length;
      this.done =
          openRequests.await(
              String.valueOf(exchange.getFromRouteId()),
              String.valueOf(ExchangeHelper.getRouteId(exchange)),
              () -> end(dropped("its route has ended")));
    }

    @Override
    public void run() {
      if (ended.get()) {
        return;
      }
      Exception failure = null;
      try {
        OwnConnection own = connection;
        if (own != null) {
          stock.setClient(own.connected());
        }
        ServiceHelper.startService(stock);
        stock.process(exchange);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failure = e;
      } catch (MqttException e) {
        failure = dropped(BrokerFailure.explain(e).replace("mqtt.broker", "brokerUrl"));
        failure.initCause(e);
      } catch (Exception e) {
        failure = e;
      }
      end(failure);
    }

    /** Whoever claims it first decides how the route goes on. */
    boolean claim() {
      return ended.compareAndSet(false, true);
    }

    /** The route that it is on has ended, with its error handling. */
    void giveUp() {
      forget();
      exchange.setRouteStop(true);
      callback.done(false);
    }

    private void end(@Nullable Exception failure) {
      if (claim()) {
        forget();
        ThreadPoolExecutor worker = executor;
        if (failure != null && worker != null) {
          boolean unused = worker.remove(this);
        }
        if (failure != null) {
          exchange.setException(failure);
        }
        callback.done(false);
      }
    }

    void forget() {
      done.run();
      if (waiting.remove(this)) {
        waitingBytes.addAndGet(-bytes);
      }
    }
  }
}
