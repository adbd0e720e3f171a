package dev.evsebridge.charger.connection;

import dev.evsebridge.runtime.LogThrottle;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes connections beyond the limit at once. */
@Sharable
public final class ConnectionLimit extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

  private final int maxConnections;
  private final AtomicInteger connections = new AtomicInteger();
  private final LogThrottle refusals = new LogThrottle(1, Duration.ofSeconds(10));

  /** Creates the limit that all connections of a listener share. */
  public ConnectionLimit(int maxConnections) {
    this.maxConnections = maxConnections;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    if (connections.incrementAndGet() > maxConnections) {
      connections.decrementAndGet();
      refusals.log(
          suffix ->
              LOG.warn(
                  "Refused a connection from {}: evse.max_connections = {} are open{}",
                  ctx.channel().remoteAddress(),
                  maxConnections,
                  suffix));
      // None of the handlers is to hear of its end.
      while (ctx.pipeline().last() != null) {
        ctx.pipeline().removeLast();
      }
      ctx.channel().close();
      return;
    }
    ctx.fireChannelActive();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    connections.decrementAndGet();
    ctx.fireChannelInactive();
  }
}
