package dev.evsebridge.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/**
 * Cuts the stream after the hello into frames.
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
public final class FrameDecoder extends ByteToMessageDecoder {

  private static final int HEADER_BYTES = 5;

  private final int firmwareVersion;
  private final int maxFrameLengthBytes;
  private boolean violated;

  /**
   * Makes the decoder of one connection.
   *
   * @param firmwareVersion from the hello: decides the shortest reading
   * @param maxFrameLengthBytes the longest payload that a frame may have
   */
  public FrameDecoder(int firmwareVersion, int maxFrameLengthBytes) {
    this.firmwareVersion = firmwareVersion;
    this.maxFrameLengthBytes = maxFrameLengthBytes;
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
      out.add(new Frame(type, in.readRetainedSlice((int) lengthBytes)));
    } catch (ProtocolViolationException e) {
      violated = true;
      throw e;
    }
  }
}
