package dev.evsebridge.charger.connection;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices when nothing has come from a charger for a time. Netty's IdleStateHandler does so too,
 * but with four times the memory and as one more handler that each message passes; there may be ten
 * thousand chargers.
 *
 * <p>A connection whose reading is paused is not silent, it is not read: it counts as silent when
 * it was read from one look to the next and nothing came. All state belongs to the channel's event
 * loop.
 */
final class SilenceWatch implements Runnable {

  private final ChannelHandlerContext ctx;
  private final long timeoutNanos;
  private final Runnable silent;
  private @Nullable ScheduledFuture<?> nextLook;
  private boolean readThroughout;
  private boolean heard;
  private long nextLookAtNanos;
  private long leftWhenHeardNanos;

  /**
   * Starts to watch.
   *
   * @param silent is run when nothing was {@linkplain #heard heard} for the timeout
   */
  SilenceWatch(ChannelHandlerContext ctx, Duration timeout, Runnable silent) {
    this.ctx = ctx;
    this.timeoutNanos = timeout.toNanos();
    this.silent = silent;
    this.readThroughout = isRead();
    lookIn(timeoutNanos);
  }

  private void lookIn(long nanos) {
    heard = false;
    nextLookAtNanos = System.nanoTime() + nanos;
    nextLook = ctx.executor().schedule(this, nanos, TimeUnit.NANOSECONDS);
  }

  /**
   * Something has come.
   *
   * @return when, by {@link System#nanoTime}: the clock is read once for all, with each message
   */
  long heard() {
    if (nextLook == null) {
      return System.nanoTime();
    }
    heard = true;
    leftWhenHeardNanos = Math.max(0, nextLook.getDelay(TimeUnit.NANOSECONDS));
    return nextLookAtNanos - leftWhenHeardNanos;
  }

  /** Reading has been paused, be it for a moment. */
  void paused() {
    readThroughout = false;
  }

  private boolean isRead() {
    return ctx.channel().config().isAutoRead();
  }

  @Override
  public void run() {
    boolean readAllTheTime = readThroughout && isRead();
    if (heard) {
      readThroughout = readAllTheTime;
      // What was left until this look when something came, is how long ago that is.
      lookIn(timeoutNanos - leftWhenHeardNanos);
    } else if (readAllTheTime) {
      nextLook = null;
      silent.run();
    } else {
      readThroughout = isRead();
      lookIn(timeoutNanos);
    }
  }

  void stop() {
    if (nextLook != null) {
      nextLook.cancel(false);
      nextLook = null;
    }
  }
}
