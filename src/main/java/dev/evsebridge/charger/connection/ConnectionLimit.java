package dev.evsebridge.charger.connection;

import dev.evsebridge.runtime.LogThrottle;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections beyond the limit at once. Those that have not said their hello may come from
 * one address only up to a part of it, so that nobody can keep all chargers out by saying nothing.
 * It is a large part: behind a proxy all chargers have one address.
 */
@Sharable
public final class ConnectionLimit extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

  /** Fired through the pipeline of a connection that has said its hello. */
  static final Object IDENTIFIED = new Object();

  private static final int SHARE_OF_AN_ADDRESS = 4;
  private static final int LEAST_OF_AN_ADDRESS = 64;
  private static final AttributeKey<InetAddress> UNIDENTIFIED_FROM =
      AttributeKey.valueOf(ConnectionLimit.class, "unidentifiedFrom");

  private final int maxConnections;
  private final ConnectionTally tally;
  private final int maxUnidentified;
  private final ConcurrentMap<InetAddress, Integer> unidentified = new ConcurrentHashMap<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final LogThrottle refusals = new LogThrottle(1, Duration.ofSeconds(10));

  /**
   * Creates the limit that all connections of a listener share.
   *
   * @param tally counts those that are refused
   */
  public ConnectionLimit(int maxConnections, ConnectionTally tally) {
    this.maxConnections = maxConnections;
    this.tally = tally;
    this.maxUnidentified = Math.max(LEAST_OF_AN_ADDRESS, maxConnections / SHARE_OF_AN_ADDRESS);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    if (connections.incrementAndGet() > maxConnections) {
      refuse(ctx, "evse.max_connections = " + maxConnections + " are open");
    } else if (!admitUnidentified(ctx.channel())) {
      refuse(ctx, maxUnidentified + " connections from there have not said their hello");
    } else {
      ctx.fireChannelActive();
    }
  }

  private boolean admitUnidentified(Channel channel) {
    if (!(channel.remoteAddress() instanceof InetSocketAddress from)) {
      return true;
    }
    InetAddress address = from.getAddress();
    if (unidentified.merge(address, 1, Integer::sum) > maxUnidentified) {
      leave(address);
      return false;
    }
    channel.attr(UNIDENTIFIED_FROM).set(address);
    return true;
  }

  private void identified(Channel channel) {
    InetAddress address = channel.attr(UNIDENTIFIED_FROM).getAndSet(null);
    if (address != null) {
      leave(address);
    }
  }

  private void leave(InetAddress address) {
    unidentified.computeIfPresent(address, (from, count) -> count == 1 ? null : count - 1);
  }

  private void refuse(ChannelHandlerContext ctx, String reason) {
    connections.decrementAndGet();
    tally.count(ConnectionTally.Outcome.LIMIT);
    refusals.log(
        suffix ->
            LOG.warn(
                "Refused a connection from {}: {}{}",
                ctx.channel().remoteAddress(),
                reason,
                suffix));
    // None of the handlers is to hear of its end.
    while (ctx.pipeline().last() != null) {
      ctx.pipeline().removeLast();
    }
    ctx.channel().close();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == IDENTIFIED) {
      identified(ctx.channel());
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    identified(ctx.channel());
    connections.decrementAndGet();
    ctx.fireChannelInactive();
  }
}
