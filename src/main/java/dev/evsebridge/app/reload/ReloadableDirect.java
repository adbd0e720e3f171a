package dev.evsebridge.app.reload;

import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.component.direct.DirectConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The component {@code direct}. Camel's own keeps whoever sends to a route that is not there
 * waiting for 30 s, which may be the thread that serves all chargers. Here sending fails at once,
 * except while routes are reloaded: the route will be there in a moment.
 */
public final class ReloadableDirect extends DirectComponent {

  private static final long SLICE_MILLIS = 10;

  private volatile boolean reloading;

  /** Creates the component; an endpoint's own option {@code block} still counts. */
  public ReloadableDirect() {
    setBlock(false);
  }

  /** From now on senders wait for a route that is not there. */
  void reloading() {
    reloading = true;
  }

  /** Senders don't wait any more. */
  void reloaded() {
    reloading = false;
  }

  @Override
  protected @Nullable DirectConsumer getConsumer(String key, boolean block, long timeout)
      throws InterruptedException {
    DirectConsumer consumer = super.getConsumer(key, block, timeout);
    while (consumer == null && reloading) {
      consumer = super.getConsumer(key, true, SLICE_MILLIS);
    }
    return consumer == null ? super.getConsumer(key, false, 0) : consumer;
  }
}
