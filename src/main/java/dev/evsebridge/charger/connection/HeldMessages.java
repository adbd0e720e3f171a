package dev.evsebridge.charger.connection;

import dev.evsebridge.charger.connection.BackPressure.Event;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands between the session of a charger that the bridge controls and the route. While reading is
 * paused, the session goes on hearing its charger, and what is to be published waits here, in
 * order. Nothing gets lost: when as much waits as may, reading from this charger is paused like
 * that from others, until what waits has been released.
 */
final class HeldMessages extends ChannelInboundHandlerAdapter {

  /**
   * Messages of one connection: those of a charger that is polled every 5 s, for five minutes. The
   * firmware cannot say more than two a second.
   */
  static final int MOST = 64;

  /** Of one connection; a reading may carry a long log. */
  private static final long MOST_BYTES = 64 << 10;

  private static final int SHARE_OF_HEAP = 16;

  /** Of all connections together. */
  private static final long MOST_BYTES_IN_ALL = Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP;

  private static final AtomicLong bytesInAll = new AtomicLong();

  private final BackPressure backPressure;
  private final ArrayDeque<Object> held = new ArrayDeque<>(0);
  private long bytes;

  HeldMessages(BackPressure backPressure) {
    this.backPressure = backPressure;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (held.isEmpty() && !backPressure.holds(ctx.channel())) {
      pass(ctx, message);
      return;
    }
    held.add(message);
    count(RouteThread.bytes(message));
    if (held.size() >= MOST || bytes >= MOST_BYTES || bytesInAll.get() >= MOST_BYTES_IN_ALL) {
      backPressure.stopHearing(ctx.channel());
    }
  }

  private void pass(ChannelHandlerContext ctx, Object message) {
    ctx.fireChannelRead(message);
    backPressure.check(ctx.channel());
  }

  private void count(long more) {
    bytes += more;
    bytesInAll.addAndGet(more);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == Event.RELEASED) {
      // Later: whoever releases it has locked what the routes may need.
      ctx.executor().execute(() -> release(ctx));
    }
    ctx.fireUserEventTriggered(event);
  }

  private void release(ChannelHandlerContext ctx) {
    // If it is held again meanwhile, another release will come.
    while (!held.isEmpty() && !backPressure.holds(ctx.channel())) {
      pass(ctx, next());
    }
  }

  private Object next() {
    Object message = held.remove();
    count(-RouteThread.bytes(message));
    return message;
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    while (!held.isEmpty()) {
      ctx.fireChannelRead(next());
    }
    ctx.fireChannelInactive();
  }
}
