package dev.evsebridge.codec;

import dev.evsebridge.message.SerialNumber;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/** Reads the {@link Hello}, then makes way for the {@link FrameDecoder}. */
public final class HelloDecoder extends ByteToMessageDecoder {

  private final int maxFrameLengthBytes;

  /**
   * Makes the first decoder of a connection.
   *
   * @param maxFrameLengthBytes the longest payload that a frame may have
   */
  public HelloDecoder(int maxFrameLengthBytes) {
    this.maxFrameLengthBytes = maxFrameLengthBytes;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (in.readableBytes() < Hello.LENGTH_BYTES) {
      return;
    }
    byte[] serial = new byte[SerialNumber.LENGTH_BYTES];
    in.readBytes(serial);
    Hello hello = new Hello(SerialNumber.of(serial), in.readUnsignedByte());
    out.add(hello);
    ctx.pipeline()
        .replace(
            this, "frameDecoder", new FrameDecoder(hello.firmwareVersion(), maxFrameLengthBytes));
  }
}
