package dev.evsebridge.charger.codec;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.util.List;

/**
 * Cuts the stream after the hello into frames, and makes a message of each.
 *
 * <pre>
 * +------+--------+----------------+
 * | type | length | payload        |
 * | u8   | u32    | length bytes   |
 * +------+--------+----------------+
 * </pre>
 *
 * The length is unsigned and checked against the frame's type before its bytes are waited for.
 */
final class FrameDecoder extends ByteToMessageDecoder {

  private static final int HEADER_BYTES = 5;
  private static final long NONE = -1;

  private final String clientId;
  private final int firmwareVersion;
  private final int maxFrameLengthBytes;
  private final CumulationBudget budget;
  private boolean violated;
  private int heldBytes;
  private long frames;
  private long begunFrame = NONE;

  /**
   * Creates the decoder of one connection.
   *
   * @param clientId of the charger that speaks
   * @param firmwareVersion from the hello: decides what a reading holds
   * @param maxFrameLengthBytes the longest payload that a frame may have
   * @param budget of all connections for frames that are not whole yet
   */
  FrameDecoder(
      String clientId, int firmwareVersion, int maxFrameLengthBytes, CumulationBudget budget) {
    this.clientId = clientId;
    this.firmwareVersion = firmwareVersion;
    this.maxFrameLengthBytes = maxFrameLengthBytes;
    this.budget = budget;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object bytes) throws Exception {
    super.channelRead(ctx, bytes);
    boolean begun = !violated && internalBuffer().isReadable();
    if (!hold(begun ? internalBuffer().capacity() : 0)) {
      ctx.fireExceptionCaught(
          new IOException("the memory for frames that are not whole yet is used up"));
    }
    if (begun && begunFrame != frames) {
      begunFrame = frames;
      ctx.fireUserEventTriggered(FrameEvent.BEGUN);
    } else if (!begun && begunFrame != NONE) {
      begunFrame = NONE;
      ctx.fireUserEventTriggered(FrameEvent.WHOLE);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    super.channelInactive(ctx);
    hold(0);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    hold(0);
  }

  private boolean hold(int bytes) {
    int more = bytes - heldBytes;
    heldBytes = bytes;
    return more == 0 || budget.change(more);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (violated) {
      in.skipBytes(in.readableBytes());
      return;
    }
    if (in.readableBytes() < HEADER_BYTES) {
      return;
    }
    int header = in.readerIndex();
    try {
      FrameType type = FrameType.of(in.getUnsignedByte(header));
      long lengthBytes = in.getUnsignedInt(header + 1);
      type.checkLength(lengthBytes, firmwareVersion, maxFrameLengthBytes);
      if (in.readableBytes() - HEADER_BYTES < lengthBytes) {
        return;
      }
      in.skipBytes(HEADER_BYTES);
      frames++;
      out.add(message(type, in, (int) lengthBytes));
    } catch (ProtocolViolationException e) {
      violated = true;
      throw e;
    }
  }

  private ChargerMessage message(FrameType type, ByteBuf in, int lengthBytes) {
    return switch (type) {
      case PING_RESPONSE -> new PingResponse(clientId);
      case READING -> ReadingPayload.decode(clientId, firmwareVersion, in, lengthBytes);
      case PWM_RESPONSE -> new SetPwmPercentResponse(clientId);
      case CONTACTOR_RESPONSE -> new SetContactorStateResponse(clientId);
      case NOTIFICATION -> new Notification(clientId);
    };
  }
}
