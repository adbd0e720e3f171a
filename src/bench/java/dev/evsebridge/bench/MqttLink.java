package dev.evsebridge.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * A lean MQTT 5 connection, QoS 0 and 1: packets are cut in place out of one array, and what one
 * turn of the event loop writes goes out in one piece. All methods but {@link #open} run on the
 * event loop.
 */
final class MqttLink extends ChannelInboundHandlerAdapter {
  /** Takes the messages of one connection; the arrays are only valid during the call. */
  interface Receiver {
    void messageArrived(byte[] data, int offset, int length);
  }

  private static final ChannelOption<Boolean> ACKNOWLEDGE_AT_ONCE =
      NioChannelOption.of(ExtendedSocketOptions.TCP_QUICKACK);

  private static final int CONNACK = 2;
  private static final int PUBLISH = 3;
  private static final int PUBACK = 4;
  private static final int SUBACK = 9;
  private static final int DISCONNECT = 14;
  private static final int RECEIVE_BUFFER = 256 * 1024;

  private final EventLoop loop;
  private final String clientId;
  private final Receiver receiver;
  private final CompletableFuture<MqttLink> connected = new CompletableFuture<>();
  private final CompletableFuture<Void> subscribed = new CompletableFuture<>();
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private byte[] data = new byte[2 * RECEIVE_BUFFER];
  private int filled;
  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf out;
  private boolean closing;
  private int receiveMaximum = 65_535;
  private int unacknowledged;
  private int packetId;

  private MqttLink(EventLoop loop, String clientId, Receiver receiver) {
    this.loop = loop;
    this.clientId = clientId;
    this.receiver = receiver;
  }

  static MqttLink open(EventLoop loop, int port, String clientId, Receiver receiver) {
    MqttLink link = new MqttLink(loop, clientId, receiver);
    new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(RECEIVE_BUFFER))
        .handler(link)
        .connect("127.0.0.1", port)
        .addListener(
            done -> {
              if (!done.isSuccess()) {
                link.connected.completeExceptionally(done.cause());
              }
            });
    return link.connected.join();
  }

  void subscribe(int qos, String... topics) {
    loop.execute(
        () -> {
          int length = 3;
          for (String topic : topics) {
            length += 3 + topic.length();
          }
          ByteBuf packet = begin(0x82, length);
          packet.writeShort(1).writeByte(0);
          for (String topic : topics) {
            writeString(packet, topic);
            int withoutRetained = 2 << 4;
            packet.writeByte(withoutRetained | qos);
          }
        });
    subscribed.join();
  }

  /** Sends the message, at QoS 1 as soon as the broker's Receive Maximum allows it. */
  void publish(byte[] topic, byte[] payload, int qos) {
    if (qos > 0 && unacknowledged >= receiveMaximum) {
      waiting.add(payload.clone());
      waitingTopic = topic;
      return;
    }
    ByteBuf packet =
        begin(0x30 | (qos << 1), 2 + topic.length + (qos > 0 ? 2 : 0) + 1 + payload.length);
    packet.writeShort(topic.length).writeBytes(topic);
    if (qos > 0) {
      unacknowledged++;
      packetId = packetId == 65_535 ? 1 : packetId + 1;
      packet.writeShort(packetId);
    }
    packet.writeByte(0).writeBytes(payload);
  }

  private byte[] waitingTopic = {};

  void close() {
    loop.execute(
        () -> {
          closing = true;
          if (context != null) {
            context.close();
          }
        });
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    ByteBuf packet = begin(0x10, 13 + clientId.length());
    writeString(packet, "MQTT");
    int cleanStart = 2;
    packet.writeByte(5).writeByte(cleanStart).writeShort(0).writeByte(0);
    writeString(packet, clientId);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (!closing) {
      System.err.println("the broker closed the connection of " + clientId);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    System.err.println("the connection of " + clientId + " failed: " + cause);
    ctx.close();
  }

  /**
   * Acknowledges to TCP at once: a broker with Nagle's algorithm, such as Mosquitto as it comes,
   * would else hold messages back for up to 40 ms because of this client, and the bridge would look
   * slower than it is. Linux forgets the option again and again.
   */
  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    ctx.channel().config().setOption(ACKNOWLEDGE_AT_ONCE, true);
    ctx.fireChannelReadComplete();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf buffer = (ByteBuf) message;
    int length = buffer.readableBytes();
    if (filled + length > data.length) {
      data = Arrays.copyOf(data, Math.max(2 * data.length, filled + length));
    }
    buffer.readBytes(data, filled, length);
    buffer.release();
    filled += length;
    int position = 0;
    while (true) {
      int next = takePacket(position);
      if (next == position) {
        break;
      }
      position = next;
    }
    System.arraycopy(data, position, data, 0, filled - position);
    filled -= position;
  }

  /**
   * Returns where the next packet starts, or the same position when this one is not there
   * completely.
   */
  private int takePacket(int start) {
    int position = start + 1;
    int remaining = 0;
    for (int shift = 0; ; shift += 7) {
      if (position >= filled) {
        return start;
      }
      int digit = data[position++];
      remaining |= (digit & 0x7F) << shift;
      if (digit >= 0) {
        break;
      }
    }
    int end = position + remaining;
    if (end > filled) {
      return start;
    }
    int header = data[start] & 0xFF;
    switch (header >> 4) {
      case PUBLISH -> takePublish((header >> 1) & 3, position, end);
      case PUBACK -> takePuback();
      case CONNACK -> takeConnack(position, end);
      case SUBACK -> subscribed.complete(null);
      case DISCONNECT ->
          System.err.println(
              "the broker disconnected "
                  + clientId
                  + (remaining > 0 ? ", reason " + (data[position] & 0xFF) : ""));
      default -> throw new IllegalStateException("unexpected packet type " + (header >> 4));
    }
    return end;
  }

  private void takePublish(int qos, int start, int end) {
    int position = start + 2 + unsignedShort(start);
    if (qos > 0) {
      if (qos > 1) {
        throw new IllegalStateException("QoS 2 was not subscribed to");
      }
      ByteBuf acknowledgement = begin(0x40, 2);
      acknowledgement.writeBytes(data, position, 2);
      position += 2;
    }
    int properties = 0;
    int digit;
    int shift = 0;
    do {
      digit = data[position++];
      properties |= (digit & 0x7F) << shift;
      shift += 7;
    } while (digit < 0);
    position += properties;
    receiver.messageArrived(data, position, end - position);
  }

  private void takePuback() {
    unacknowledged--;
    byte[] payload = waiting.poll();
    if (payload != null) {
      publish(waitingTopic, payload, 1);
    }
  }

  private void takeConnack(int start, int end) {
    int reason = data[start + 1] & 0xFF;
    if (reason != 0) {
      connected.completeExceptionally(
          new IllegalStateException("the broker refused the connection: " + reason));
      return;
    }
    int position = start + 3;
    while (position < end) {
      int property = data[position++];
      switch (property) {
        case 0x21 -> {
          receiveMaximum = unsignedShort(position);
          position += 2;
        }
        case 0x13, 0x22 -> position += 2;
        case 0x11, 0x27 -> position += 4;
        case 0x24, 0x25, 0x28, 0x29, 0x2A -> position += 1;
        default -> position += 2 + unsignedShort(position);
      }
    }
    connected.complete(this);
  }

  private int unsignedShort(int offset) {
    return ((data[offset] & 0xFF) << 8) | (data[offset + 1] & 0xFF);
  }

  /** Starts a packet in the buffer that leaves at the end of this turn of the event loop. */
  private ByteBuf begin(int header, int remaining) {
    ByteBuf buffer = out;
    if (buffer == null) {
      buffer = connectedContext().alloc().directBuffer(16 * 1024);
      out = buffer;
      loop.execute(this::flush);
    }
    buffer.writeByte(header);
    int rest = remaining;
    while (rest > 127) {
      buffer.writeByte((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    return buffer.writeByte(rest);
  }

  private void flush() {
    ByteBuf buffer = out;
    out = null;
    if (buffer != null) {
      ChannelHandlerContext ctx = connectedContext();
      ctx.writeAndFlush(buffer, ctx.voidPromise());
    }
  }

  private ChannelHandlerContext connectedContext() {
    if (context == null) {
      throw new IllegalStateException("not connected");
    }
    return context;
  }

  private static void writeString(ByteBuf packet, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    packet.writeShort(bytes.length).writeBytes(bytes);
  }
}
