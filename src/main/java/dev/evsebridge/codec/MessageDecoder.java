package dev.evsebridge.codec;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.MessageToMessageDecoder;
import java.util.List;
import java.util.function.Function;

/**
 * Makes messages of frames. It learns from the passing {@link Hello} which charger speaks and which
 * version of the data payload it sends.
 */
public final class MessageDecoder extends MessageToMessageDecoder<Object> {

  private final Function<SerialNumber, String> clientIds;
  private String clientId = "";
  private int firmwareVersion;

  /**
   * Makes the decoder of one connection.
   *
   * @param clientIds the configured name of a charger, or its serial number
   */
  public MessageDecoder(Function<SerialNumber, String> clientIds) {
    this.clientIds = clientIds;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, Object in, List<Object> out) {
    if (in instanceof Frame frame) {
      out.add(message(frame.type(), frame.content()));
    } else if (in instanceof Hello hello) {
      clientId = clientIds.apply(hello.serialNumber());
      firmwareVersion = hello.firmwareVersion();
      out.add(hello);
    } else {
      throw new IllegalStateException("neither a hello nor a frame: " + in.getClass());
    }
  }

  private ChargerMessage message(FrameType type, ByteBuf payload) {
    return switch (type) {
      case PING_ANSWER -> new PingResponse(clientId);
      case DATA_ANSWER -> DataPayload.decode(clientId, firmwareVersion, payload);
      case PWM_ANSWER -> new SetPwmPercentResponse(clientId);
      case CONTACTOR_ANSWER -> new SetContactorStateResponse(clientId);
      case NOTIFICATION -> new Notification(clientId);
    };
  }
}
