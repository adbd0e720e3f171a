package dev.evsebridge.charger.codec;

import dev.evsebridge.message.SerialNumber;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.Function;

/** Reads the {@link Hello}, then makes way for the {@link FrameDecoder}. */
public final class HelloDecoder extends ByteToMessageDecoder {

  private final Function<SerialNumber, String> clientIds;
  private final int maxFrameLengthBytes;
  private final CumulationBudget budget;

  /**
   * Creates the first decoder of a connection.
   *
   * @param clientIds the configured name of a charger, or its serial number
   * @param maxFrameLengthBytes the longest payload that a frame may have
   * @param budget of all connections for frames that are not whole yet
   */
  public HelloDecoder(
      Function<SerialNumber, String> clientIds, int maxFrameLengthBytes, CumulationBudget budget) {
    this.clientIds = clientIds;
    this.maxFrameLengthBytes = maxFrameLengthBytes;
    this.budget = budget;
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
    String clientId = clientIds.apply(hello.serialNumber());
    ctx.pipeline()
        .replace(
            this,
            "frameDecoder",
            new FrameDecoder(clientId, hello.firmwareVersion(), maxFrameLengthBytes, budget));
  }
}
