package dev.evsebridge.mqtt;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.apache.camel.builder.ThreadPoolProfileBuilder;
import org.apache.camel.spi.ThreadPoolProfile;
import org.apache.camel.support.DefaultAsyncProducer;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.camel.util.concurrent.ThreadPoolRejectedPolicy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stock producer, which waits for its broker without a time limit, on a thread of its own:
 * in order, with a bounded queue, and never on the threads that serve chargers.
 */
final class OffloadedProducer extends DefaultAsyncProducer {

  private static final Logger LOG = LoggerFactory.getLogger(OffloadedProducer.class);

  private static final int QUEUE = 1_000;

  private final Producer stock;
  private @Nullable ExecutorService executor;

  OffloadedProducer(Endpoint endpoint, Producer stock) {
    super(endpoint);
    this.stock = stock;
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    ExecutorService worker = executor;
    try {
      if (worker == null) {
        throw new RejectedExecutionException("not started");
      }
      worker.execute(() -> publish(exchange, callback));
      return false;
    } catch (RejectedExecutionException e) {
      exchange.setException(
          new CamelExecutionException(
              "More than " + QUEUE + " messages wait for the broker of " + getEndpoint(),
              exchange));
      callback.done(true);
      return true;
    }
  }

  private void publish(Exchange exchange, AsyncCallback callback) {
    try {
      stock.process(exchange);
    } catch (Exception e) {
      exchange.setException(e);
    } finally {
      callback.done(false);
    }
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    ServiceHelper.startService(stock);
    ThreadPoolProfile profile =
        new ThreadPoolProfileBuilder("mqtt-publisher")
            .poolSize(1)
            .maxPoolSize(1)
            .maxQueueSize(QUEUE)
            .rejectedPolicy(ThreadPoolRejectedPolicy.Abort)
            .build();
    executor =
        getEndpoint()
            .getCamelContext()
            .getExecutorServiceManager()
            .newThreadPool(this, "mqtt-publisher", profile);
  }

  @Override
  protected void doStop() throws Exception {
    if (executor != null) {
      int dropped =
          getEndpoint().getCamelContext().getExecutorServiceManager().shutdownNow(executor).size();
      executor = null;
      if (dropped > 0) {
        LOG.warn("Dropped {} messages that waited for the broker of {}", dropped, getEndpoint());
      }
    }
    ServiceHelper.stopService(stock);
    super.doStop();
  }
}
