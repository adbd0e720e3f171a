package dev.evsebridge.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.nio.NioSocketChannel;

/** All simulated chargers, on one event loop. */
final class Fleet {
  private static final int CONNECTING_AT_ONCE = 200;

  /** Fewer than the bridge lets in of one address before it has read their hellos. */
  private static final int CHARGERS_PER_SOURCE_ADDRESS = 2_000;

  private static final int LARGEST_SEND_BUFFER = 256 * 1024;
  private static final int SMALLEST_SEND_BUFFER = 16 * 1024;

  private final EventLoop loop;
  private final int port;
  private final Charger[] chargers;
  private final Bootstrap bootstrap;
  private Charger.Listener listener = new Charger.Listener() {};
  private int started;
  private volatile int connected;
  private volatile int failed;
  private volatile int closed;
  private boolean closing;

  /**
   * Creates it; nothing is connected yet.
   *
   * @param first the number of its first charger, which tells it from those of other fleets
   */
  Fleet(EventLoop loop, int port, int first, int size) {
    this.loop = loop;
    this.port = port;
    this.chargers = new Charger[size];
    for (int i = 0; i < size; i++) {
      chargers[i] = new Charger(this, first + i);
    }
    int sendBuffer =
        Math.max(
            SMALLEST_SEND_BUFFER, Math.min(LARGEST_SEND_BUFFER, 16 * LARGEST_SEND_BUFFER / size));
    bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_SNDBUF, sendBuffer)
            .option(
                ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(4 * 1024, 8 * 1024))
            .option(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(256))
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 30_000);
  }

  /** Starts to connect all chargers; each says its hello as soon as it can. */
  void connect() {
    loop.execute(
        () -> {
          for (int i = 0; i < CONNECTING_AT_ONCE; i++) {
            connectNext();
          }
        });
  }

  void listen(Charger.Listener newListener) {
    loop.execute(() -> listener = newListener);
  }

  Charger.Listener listener() {
    return listener;
  }

  Charger charger(int index) {
    return chargers[index];
  }

  int size() {
    return chargers.length;
  }

  /** Connections that could not be made. */
  int failedCount() {
    return failed;
  }

  /** Connections that ended before the fleet closed them. */
  int closedCount() {
    return closed;
  }

  int connectedCount() {
    return connected;
  }

  void close() {
    loop.execute(
        () -> {
          closing = true;
          for (Charger charger : chargers) {
            charger.close();
          }
        });
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the event loop writes
  void connected() {
    connected++;
    connectNext();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the event loop writes
  void closed() {
    if (!closing) {
      closed++;
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the event loop writes
  private void failed() {
    failed++;
    connectNext();
  }

  private void connectNext() {
    if (started == chargers.length) {
      return;
    }
    Charger charger = chargers[started++];
    Bootstrap next = bootstrap.clone().handler(charger).remoteAddress("127.0.0.1", port);
    if (chargers.length > CHARGERS_PER_SOURCE_ADDRESS) {
      next.localAddress("127.0.0." + (1 + charger.index / CHARGERS_PER_SOURCE_ADDRESS), 0);
    }
    next.connect()
        .addListener(
            done -> {
              if (!done.isSuccess()) {
                failed();
              }
            });
  }
}
