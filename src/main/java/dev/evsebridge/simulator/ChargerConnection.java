package dev.evsebridge.simulator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The wire of one simulated charger, from its hello to the end of the connection.
 *
 * <pre>
 * hello  | serial number: 16 bytes | firmware version: u8 |
 * frame  | type: u8 | length: u32 | payload: length bytes |
 * </pre>
 *
 * <p>A frame that the real charger's memory could not hold ends in {@link SimulatedCharger#crash}.
 */
final class ChargerConnection extends ByteToMessageDecoder {
  private static final int HEADER_BYTES = 5;
  private static final int DATA_BYTES_WITHOUT_LOG = 44;
  private static final int CRC_BYTES = 4;
  private static final int MAX_REQUEST_BYTES = 1024;
  private static final int MAX_FIRMWARE_BYTES = CRC_BYTES + 126_976;

  private static final int PING = 1;
  private static final int FIRMWARE = 2;
  private static final int COLLECT_DATA = 3;
  private static final int SET_PWM_PERCENT = 4;
  private static final int SET_CONTACTOR_STATE = 5;

  private static final int PING_ANSWER = 1;
  private static final int DATA_ANSWER = 2;
  private static final int PWM_PERCENT_ANSWER = 3;
  private static final int CONTACTOR_STATE_ANSWER = 4;
  private static final int NOTIFICATION = 100;

  private final SimulatedCharger charger;
  private final long answerDelayMillis;

  private @Nullable ChannelHandlerContext context;
  private boolean abandoned;

  /** Outlives its request: a request without the byte it needs gets that of the one before. */
  private int firstPayloadByte;

  ChargerConnection(SimulatedCharger charger, long answerDelayMillis) {
    this.charger = charger;
    this.answerDelayMillis = answerDelayMillis;
  }

  void notifyBridge() {
    send(emptyFrame(NOTIFICATION));
  }

  /** The charger has forgotten this connection: whatever still arrives on it is lost. */
  void abandon() {
    abandoned = true;
  }

  void close() {
    if (context != null) {
      context.close();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    charger.connected(this);
    send(
        Unpooled.buffer()
            .writeBytes(charger.serialNumber())
            .writeByte(SimulatedCharger.FIRMWARE_VERSION));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    abandon();
    charger.disconnected(this);
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    close();
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (abandoned) {
      in.skipBytes(in.readableBytes());
      return;
    }
    if (in.readableBytes() < HEADER_BYTES) {
      return;
    }
    int type = in.getUnsignedByte(in.readerIndex());
    long declaredBytes = in.getUnsignedInt(in.readerIndex() + 1);
    if (declaredBytes > (type == FIRMWARE ? MAX_FIRMWARE_BYTES : MAX_REQUEST_BYTES)) {
      charger.crash("type " + type + " with " + declaredBytes + " bytes of payload");
      return;
    }
    // The firmware takes the four bytes of a checksum, whatever the frame's length says.
    int takenBytes = (int) (type == FIRMWARE ? Math.max(declaredBytes, CRC_BYTES) : declaredBytes);
    if (in.readableBytes() < HEADER_BYTES + takenBytes) {
      return;
    }
    ByteBuf payload = Unpooled.buffer(takenBytes);
    in.skipBytes(HEADER_BYTES).readBytes(payload, takenBytes);
    ctx.executor().schedule(() -> handle(type, payload), answerDelayMillis, TimeUnit.MILLISECONDS);
  }

  private void handle(int type, ByteBuf payload) {
    if (abandoned) {
      return;
    }
    if (type != FIRMWARE && payload.isReadable()) {
      firstPayloadByte = payload.getUnsignedByte(0);
    }
    charger.requestCompleted();
    switch (type) {
      case PING -> send(emptyFrame(PING_ANSWER));
      case FIRMWARE -> charger.takeFirmware(this, payload.readUnsignedInt(), payload);
      case COLLECT_DATA -> send(dataFrame());
      case SET_PWM_PERCENT -> {
        charger.setDutyCyclePercent(firstPayloadByte);
        send(emptyFrame(PWM_PERCENT_ANSWER));
      }
      case SET_CONTACTOR_STATE -> {
        charger.setContactorState(firstPayloadByte);
        send(emptyFrame(CONTACTOR_STATE_ANSWER));
      }
      default -> charger.log("Request of unknown type " + type);
    }
  }

  private void send(ByteBuf bytes) {
    if (context != null) {
      context.writeAndFlush(bytes).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }
  }

  private ByteBuf dataFrame() {
    ChargePoint chargePoint = charger.chargePoint();
    byte[] log = charger.drainLog();
    ByteBuf frame = frame(DATA_ANSWER, DATA_BYTES_WITHOUT_LOG + log.length);
    frame.writeBoolean(chargePoint.isContactorClosed());
    frame.writeByte(chargePoint.dutyCyclePercent());
    frame.writeByte(chargePoint.pilotVoltage().wireCode);
    frame.writeByte(chargePoint.proximityPilot().wireCode);
    for (int phase = 1; phase <= 3; phase++) {
      frame.writeInt(chargePoint.measurePhaseMillivolts());
    }
    for (int phase = 1; phase <= 3; phase++) {
      frame.writeInt(chargePoint.measurePhaseMilliamps());
    }
    frame.writeInt(chargePoint.measureWifiRssiDbm());
    frame.writeInt((int) charger.uptimeMillis());
    frame.writeInt(chargePoint.pilotVoltage().adcReading);
    frame.writeInt(chargePoint.proximityPilot().adcReading);
    return frame.writeBytes(log);
  }

  private static ByteBuf emptyFrame(int type) {
    return frame(type, 0);
  }

  private static ByteBuf frame(int type, int payloadBytes) {
    return Unpooled.buffer(HEADER_BYTES + payloadBytes).writeByte(type).writeInt(payloadBytes);
  }
}
