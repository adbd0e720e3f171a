package dev.evsebridge.charger.codec;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.CollectData;
import dev.evsebridge.message.ChargerRequest.Ping;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.FirmwareImage;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.MessageToByteEncoder;

/**
 * Writes each request as one frame.
 *
 * <pre>
 * type  meaning          payload
 *    1  ping             none
 *    2  firmware         u32 CRC-32 (zlib polynomial) of the image, then the image
 *    3  collect data     none
 *    4  set PWM percent  u8, 0 to 100
 *    5  set contactor    u8, 0 = open or 1 = closed
 * </pre>
 *
 * The charger reads a payload of more than 1 024 bytes past its buffer, except for firmware, and
 * takes an empty payload of types 4 and 5 for the one before: lengths here are fixed by type.
 */
@Sharable
public final class RequestEncoder extends MessageToByteEncoder<ChargerRequest> {

  private static final int HEADER_BYTES = 5;

  /** Creates an encoder that any number of connections may share. */
  public RequestEncoder() {
    super(ChargerRequest.class);
  }

  @Override
  protected ByteBuf allocateBuffer(
      ChannelHandlerContext ctx, ChargerRequest request, boolean preferDirect) {
    int payloadBytes =
        request instanceof UploadFirmware upload ? Integer.BYTES + upload.image().lengthBytes() : 1;
    return ctx.alloc().ioBuffer(HEADER_BYTES + payloadBytes);
  }

  @Override
  protected void encode(ChannelHandlerContext ctx, ChargerRequest request, ByteBuf out) {
    if (request instanceof Ping) {
      writeHeader(out, 1, 0);
    } else if (request instanceof UploadFirmware upload) {
      FirmwareImage image = upload.image();
      writeHeader(out, 2, Integer.BYTES + image.lengthBytes());
      out.writeInt(image.crc32());
      out.writeBytes(image.bytes());
    } else if (request instanceof CollectData) {
      writeHeader(out, 3, 0);
    } else if (request instanceof SetPwmPercent setPwm) {
      writeHeader(out, 4, 1);
      out.writeByte(setPwm.percent());
    } else if (request instanceof SetContactorState setContactor) {
      writeHeader(out, 5, 1);
      out.writeByte(setContactor.closed() ? 1 : 0);
    }
  }

  private static void writeHeader(ByteBuf out, int type, int lengthBytes) {
    out.writeByte(type);
    out.writeInt(lengthBytes);
  }
}
