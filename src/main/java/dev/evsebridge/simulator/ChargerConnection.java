package dev.evsebridge.simulator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a simulated charger: what has arrived and not been read yet, and what is still
 * on its way over a slow link, in either direction and in order.
 */
final class ChargerConnection extends ChannelInboundHandlerAdapter {
  private static final int FRAME_HEADER_BYTES = 5;

  /** The charger has little room for what it has not read yet; the rest waits at the bridge. */
  private static final int MAX_UNREAD_BYTES = 8_192;

  private record Packet(long dueMillis, ByteBuf bytes) {}

  private final SimulatedCharger charger;
  private final LinkQuality link;
  private final ByteBuf unread = Unpooled.buffer(0);
  private final Deque<Packet> arriving = new ArrayDeque<>(0);
  private final Deque<Packet> leaving = new ArrayDeque<>(0);

  private @Nullable ChannelHandlerContext context;
  private boolean abandoned;

  ChargerConnection(SimulatedCharger charger, LinkQuality link) {
    this.charger = charger;
    this.link = link;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    synchronized (charger) {
      context = ctx;
      charger.connected(this);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    synchronized (charger) {
      if (abandoned) {
        ReferenceCountUtil.release(message);
        return;
      }
      arriving.addLast(new Packet(dueMillis(), (ByteBuf) message));
      deliver(charger.nowMillis());
      ctx.channel().config().setAutoRead(unread.readableBytes() < MAX_UNREAD_BYTES);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    synchronized (charger) {
      abandon();
      charger.disconnected(this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }

  /** What has arrived; the charger takes from it what it reads. */
  ByteBuf unread() {
    return unread;
  }

  /** Lets time pass: whatever was on its way until now arrives. */
  void deliver(long nowMillis) {
    if (arriving.isEmpty() && leaving.isEmpty()) {
      return;
    }
    while (isDue(arriving, nowMillis)) {
      ByteBuf bytes = arriving.remove().bytes;
      unread.discardReadBytes().writeBytes(bytes);
      bytes.release();
    }
    while (isDue(leaving, nowMillis)) {
      write(leaving.remove().bytes);
    }
  }

  private static boolean isDue(Deque<Packet> packets, long nowMillis) {
    Packet next = packets.peek();
    return next != null && next.dueMillis <= nowMillis;
  }

  /** To be called when the charger has read. */
  void resumeReading() {
    if (context != null && unread.readableBytes() < MAX_UNREAD_BYTES) {
      context.channel().config().setAutoRead(true);
    }
  }

  /** Sends bytes that are no frame. */
  void send(ByteBuf bytes) {
    long dueMillis = dueMillis();
    if (leaving.isEmpty() && dueMillis <= charger.nowMillis()) {
      write(bytes);
    } else {
      leaving.addLast(new Packet(dueMillis, bytes));
    }
  }

  /** Sends a frame, unless the link loses it. */
  void sendFrame(int type, ByteBuf payload) {
    if (!link.loses(type)) {
      send(
          Unpooled.buffer(FRAME_HEADER_BYTES + payload.readableBytes())
              .writeByte(type)
              .writeInt(payload.readableBytes())
              .writeBytes(payload));
    }
  }

  /** The charger has forgotten this connection: whatever still arrives on it is lost. */
  void abandon() {
    abandoned = true;
    arriving.forEach(packet -> packet.bytes.release());
    arriving.clear();
    leaving.clear();
    unread.clear();
    if (context != null) {
      context.channel().config().setAutoRead(true);
    }
  }

  void close() {
    if (context != null) {
      context.close();
    }
  }

  private void write(ByteBuf bytes) {
    if (context != null) {
      context.writeAndFlush(bytes).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }
  }

  /** A packet that is due before the one in front of it waits for that. */
  private long dueMillis() {
    return charger.nowMillis() + link.nextDelayMillis();
  }
}
