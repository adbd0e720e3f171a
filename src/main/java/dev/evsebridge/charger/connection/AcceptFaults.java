package dev.evsebridge.charger.connection;

import dev.evsebridge.runtime.LogThrottle;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in one line why connections can't be accepted; most often the process has no file
 * descriptors left. Netty pauses for a second and tries again by itself.
 */
@Sharable
final class AcceptFaults extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(AcceptFaults.class);
  private static final String NAME = "acceptFaults";

  private final LogThrottle faults = new LogThrottle(1, Duration.ofSeconds(10));

  /**
   * Camel gives no access to the listening socket, so its first connection brings us there; several
   * may come at the same moment, each on an event loop of its own.
   */
  synchronized void watch(@Nullable Channel listening) {
    if (listening != null && listening.pipeline().get(NAME) == null) {
      listening.pipeline().addLast(NAME, this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    faults.log(
        suffix ->
            LOG.error(
                "Can't accept a connection: {}. If file descriptors have run out, raise the limit "
                    + "(ulimit -n) above twice the number of chargers{}",
                cause.getMessage(),
                suffix));
  }
}
