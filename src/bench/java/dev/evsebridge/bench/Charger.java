package dev.evsebridge.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One simulated charger: says hello, answers requests at once, and keeps count of what became of
 * its readings.
 */
final class Charger extends ChannelInboundHandlerAdapter {
  /** What the fleet's user wants to know of its chargers. */
  interface Listener {
    /** A request came in; {@code value} is its one byte of payload, or -1. */
    default void requested(Charger charger, int frameType, int value) {}

    default void writable(Charger charger) {}
  }

  private static final int NOTIFICATION = 100;
  private static final long STARTED_NANOS = System.nanoTime() - TimeUnit.MINUTES.toNanos(1);
  private static final ByteBuf[] EMPTY_ANSWERS = new ByteBuf[5];

  static {
    for (int type = 0; type < EMPTY_ANSWERS.length; type++) {
      EMPTY_ANSWERS[type] =
          Unpooled.unreleasableBuffer(
              Unpooled.directBuffer(5).writeByte(type).writeInt(0).asReadOnly());
    }
  }

  final int index;
  final String clientId;

  /** Readings sent; the next one carries this sequence number. */
  int sent;

  private final Fleet fleet;
  private final BitSet arrived = new BitSet();
  private int highest = -1;
  private int arrivedCount;
  private @Nullable Channel channel;
  private boolean announced;
  private int headerBytes;
  private int type;
  private int length;
  private int value = -1;

  Charger(Fleet fleet, int index) {
    this.fleet = fleet;
    this.index = index;
    this.clientId = DataFrames.clientId(index);
  }

  int arrivedCount() {
    return arrivedCount;
  }

  /** Notes that the bridge has announced this charger; false when it had done so before. */
  boolean announce() {
    boolean first = !announced;
    announced = true;
    return first;
  }

  /**
   * Notes that a reading came through; says so in the tally when it came twice, or after a later
   * one.
   */
  void arrive(int sequence, Tally tally) {
    if (sequence < 0 || sequence >= sent) {
      tally.malformed++;
    } else if (arrived.get(sequence)) {
      tally.duplicates++;
    } else {
      arrived.set(sequence);
      arrivedCount++;
      if (sequence < highest) {
        tally.outOfOrder++;
      } else {
        highest = sequence;
      }
    }
  }

  boolean isWritable() {
    return channel != null && channel.isWritable();
  }

  void sendReadings(int count) {
    Channel open = channel;
    if (open == null) {
      return;
    }
    int uptime = uptimeMillis();
    ByteBuf frames = open.alloc().directBuffer(count * DataFrames.LENGTH);
    for (int i = 0; i < count; i++) {
      DataFrames.write(frames, sent++, uptime);
    }
    open.writeAndFlush(frames, open.voidPromise());
  }

  /** As if all had started a minute before the first of them was made. */
  private static int uptimeMillis() {
    return (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - STARTED_NANOS);
  }

  void answer(RequestKind kind) {
    if (kind == RequestKind.COLLECT) {
      sendReadings(1);
    } else if (channel != null) {
      channel.writeAndFlush(EMPTY_ANSWERS[kind.answerType].duplicate(), channel.voidPromise());
    }
  }

  /** Sends one reading that says so. */
  void sendReading(boolean closed, int pwm, int pilot) {
    Channel open = channel;
    if (open != null) {
      ByteBuf frame = open.alloc().directBuffer(DataFrames.LENGTH);
      DataFrames.write(frame, sent++, uptimeMillis(), closed, pwm, pilot);
      open.writeAndFlush(frame, open.voidPromise());
    }
  }

  /** Says that something has changed. */
  void sendNotification() {
    Channel open = channel;
    if (open != null) {
      ByteBuf frame = open.alloc().directBuffer(5).writeByte(NOTIFICATION).writeInt(0);
      open.writeAndFlush(frame, open.voidPromise());
    }
  }

  void close() {
    if (channel != null) {
      channel.close();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    ctx.writeAndFlush(Unpooled.wrappedBuffer(DataFrames.hello(index)), ctx.voidPromise());
    fleet.connected();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    channel = null;
    fleet.closed();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      fleet.listener().writable(this);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    while (in.isReadable()) {
      int octet = in.readUnsignedByte();
      if (headerBytes == 0) {
        type = octet;
        length = 0;
        value = -1;
      } else if (headerBytes < 5) {
        length = (length << 8) | octet;
      } else {
        value = octet;
        length--;
      }
      if (headerBytes < 5) {
        headerBytes++;
      }
      if (headerBytes == 5 && length == 0) {
        headerBytes = 0;
        fleet.listener().requested(this, type, value);
      }
    }
    in.release();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
