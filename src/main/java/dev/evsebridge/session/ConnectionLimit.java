package dev.evsebridge.session;

import dev.evsebridge.log.LogThrottle;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes connections beyond the limit at once. */
@Sharable
public final class ConnectionLimit extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);
  private static final AttributeKey<Boolean> COUNTED =
      AttributeKey.valueOf(ConnectionLimit.class, "counted");

  private final int maxConnections;
  private final AtomicInteger connections = new AtomicInteger();
  private final LogThrottle refusals = new LogThrottle(1, Duration.ofSeconds(10));

  /** Makes the limit that all connections of a listener share. */
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
      ctx.close();
      return;
    }
    ctx.channel().attr(COUNTED).set(true);
    ctx.fireChannelActive();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (ctx.channel().attr(COUNTED).getAndSet(null) != null) {
      connections.decrementAndGet();
      ctx.fireChannelInactive();
    }
  }
}
