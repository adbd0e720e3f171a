package dev.evsebridge.charger.connection;

import dev.evsebridge.charger.connection.BackPressure.Reason;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Reading;
import dev.evsebridge.runtime.Pulse;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The thread on which what chargers say goes through the routes, in a bridge that controls chargers
 * or guards their commands. A step that somebody has added may take its time, say a request by
 * HTTP; on the chargers' own thread, it would keep the bridge from seeing that a vehicle has been
 * unplugged.
 *
 * <p>All messages take this way, in order. When routes are slower than chargers, reading is paused.
 */
public final class RouteThread implements Executor, AutoCloseable {

  private static final int SHARE_OF_HEAP = 16;

  /** What a reading without a log takes of the heap, by its fields and its place in a queue. */
  private static final int READING_BYTES = 256;

  private static final int OTHER_BYTES = 64;

  private final EventExecutor executor =
      new DefaultEventExecutor(new DefaultThreadFactory("charger-routes", true));
  private final Pulse pulse = Pulse.whileBusy("routes of what chargers say");
  private final BackPressure backPressure;
  private final long mostBytes;
  private final Entrance entrance = new Entrance();
  private long bytes;
  private boolean behind;

  /**
   * Creates the thread.
   *
   * @param backPressure pauses reading while the routes are behind
   */
  public RouteThread(BackPressure backPressure) {
    this(backPressure, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  RouteThread(BackPressure backPressure, long mostBytes) {
    this.backPressure = backPressure;
    this.mostBytes = mostBytes;
    backPressure.goesOnIn(executor);
  }

  /** Runs what belongs to the routes: how they go on after a response. */
  @Override
  public void execute(Runnable task) {
    executor.execute(
        () -> {
          pulse.begin();
          try {
            task.run();
          } finally {
            pulse.end();
          }
        });
  }

  EventExecutor executor() {
    return executor;
  }

  /** Stands before the handler that runs here. */
  Entrance entrance() {
    return entrance;
  }

  /** Beats with each message that has gone through. */
  public Pulse pulse() {
    return pulse;
  }

  /** Returns when all that has been said so far is through, at the latest after that time. */
  public void awaitThrough(Duration patience) {
    executor.submit(() -> {}).awaitUninterruptibly(patience.toMillis());
  }

  /** Ends the thread; no charger is connected any more. */
  @Override
  public void close() {
    executor.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
  }

  private synchronized void waits(long more) {
    bytes += more;
    if (!behind && bytes > mostBytes) {
      behind = true;
      backPressure.pause(Reason.ROUTES_BEHIND);
    }
  }

  private synchronized boolean isThrough(long fewer) {
    bytes -= fewer;
    boolean again = behind && bytes <= mostBytes / 4;
    behind &= !again;
    return again;
  }

  /** About what a message takes of the heap. */
  static int bytes(Object message) {
    return message instanceof Reading reading
        ? READING_BYTES + reading.measurements().log().length()
        : OTHER_BYTES;
  }

  /** Counts what begins to wait for the thread; on the chargers' own. */
  @Sharable
  final class Entrance extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      waits(bytes(message));
      ctx.fireChannelRead(message);
    }
  }

  /** Runs a message through the routes; on this thread. */
  void run(ChargerMessage message, ThrowingRunnable routes) throws Exception {
    pulse.begin();
    try {
      routes.run();
    } finally {
      pulse.end();
      if (isThrough(bytes(message))) {
        backPressure.resume(Reason.ROUTES_BEHIND);
      }
    }
  }

  /** What Camel's handler does with a message. */
  @FunctionalInterface
  interface ThrowingRunnable {
    void run() throws Exception;
  }
}
