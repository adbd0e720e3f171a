package dev.evsebridge.charger.connection;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.runtime.Counts;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import org.apache.camel.Exchange;
import org.apache.camel.component.netty.NettyConsumer;
import org.apache.camel.component.netty.handlers.ServerChannelHandler;
import org.jspecify.annotations.Nullable;

/**
 * Hands messages to the route with their body only: the headers that Camel's own handler sets
 * (addresses, the channel) would cost more than the message, and the message says who sent it. One
 * serves all connections: like Camel's own, it keeps nothing of them.
 */
@Sharable
final class RouteHandler extends ServerChannelHandler {

  private final NettyConsumer consumer;
  private final Counts counts;
  private final @Nullable RouteThread thread;

  /**
   * Creates the handler of a listener.
   *
   * @param thread on which it runs, if that is not the connection's
   */
  RouteHandler(NettyConsumer consumer, Counts counts, @Nullable RouteThread thread) {
    super(consumer);
    this.consumer = consumer;
    this.counts = counts;
    this.thread = thread;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, Object message) throws Exception {
    if (thread != null && message instanceof ChargerMessage said) {
      thread.run(said, () -> super.channelRead0(ctx, said));
    } else {
      super.channelRead0(ctx, message);
    }
  }

  @Override
  protected Exchange createExchange(ChannelHandlerContext ctx, Object message) {
    Exchange exchange = consumer.createExchange(false);
    exchange.getIn().setBody(message);
    if (message instanceof ChargerMessage said) {
      counts.message(said.messageType());
    }
    return exchange;
  }
}
