package dev.evsebridge.app.reload;

import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.runtime.Failures;
import dev.evsebridge.runtime.LogThrottle;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.ProducerTemplate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the bridge itself has to say: errors that belong to no request, and who is online. It goes
 * to the routes like everything else; while routes are being reloaded it waits.
 */
public final class Announcements {

  private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);

  private static final String REPORT_ERROR = "direct:report-error";
  private static final String AVAILABILITY = "direct:availability";
  private static final int WAITING_AT_MOST = 10_000;

  private final ReentrantLock routes = new ReentrantLock();
  private final LogThrottle drops = new LogThrottle(1, Duration.ofSeconds(10));
  private final ThreadPoolExecutor errors =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_AT_MOST),
          new DefaultThreadFactory("error-reports", true));
  private volatile @Nullable ProducerTemplate template;

  /** From now on there are routes to send to. */
  public void to(ProducerTemplate routesTemplate) {
    template = routesTemplate;
  }

  /** Comes from the event loops, which must not wait while routes are being reloaded. */
  public void error(ErrorMessage error) {
    try {
      errors.execute(() -> send(REPORT_ERROR, error, Map.of()));
    } catch (RejectedExecutionException e) {
      drops.log(suffix -> LOG.warn("Too many errors to report; dropped one{}", suffix));
    }
  }

  /** A charger is online or offline. */
  public void availability(String clientId, String state) {
    send(AVAILABILITY, state, Map.of("clientId", clientId));
  }

  private void send(String endpoint, Object body, Map<String, Object> headers) {
    ProducerTemplate current = template;
    if (current == null) {
      return;
    }
    routes.lock();
    try {
      current.sendBodyAndHeaders(endpoint, body, headers);
    } catch (RuntimeException e) {
      LOG.error("Route {} failed: {}", endpoint, Failures.rootMessage(e));
    } finally {
      routes.unlock();
    }
  }

  /** Nothing more is sent until {@link #resume}, by the same thread. */
  public void hold() {
    routes.lock();
  }

  public void resume() {
    routes.unlock();
  }
}
