package dev.evsebridge.charger.connection;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.flow.FlowControlHandler;

/**
 * Holds messages that have been read while reading is switched off. Netty's own handler forgets
 * them when the connection ends; here they are still passed on: a reading that gets lost is gone
 * for good.
 */
final class LosslessFlowControl extends FlowControlHandler {

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    ctx.channel().config().setAutoRead(true);
    read(ctx);
    super.channelInactive(ctx);
  }
}
