package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.session.TestCharger;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PingResponse;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Routes that take their time keep nobody else from going on. */
class RouteThreadTest {
  private static final Notification CHANGED = new Notification(TestCharger.ID);
  private static final PingResponse ALIVE = new PingResponse(TestCharger.ID);
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final BackPressure backPressure = new BackPressure();
  private final RouteThread thread = new RouteThread(backPressure, 3L * RouteThread.bytes(CHANGED));
  private final CountDownLatch answer = new CountDownLatch(1);
  private final List<Object> published = new CopyOnWriteArrayList<>();
  private final EmbeddedChannel channel = new EmbeddedChannel(thread.entrance());

  @AfterEach
  void end() {
    answer.countDown();
    thread.close();
  }

  @Test
  void passesMessagesInOrderWhileTheThreadThatReadsGoesOn() {
    waitForAnAnswer();

    channel.writeInbound(CHANGED, ALIVE);
    assertEquals(List.of(), published);

    answer.countDown();
    thread.awaitThrough(LIMIT);
    assertEquals(List.of(CHANGED, ALIVE), published);
  }

  @Test
  void goesOnWithARouteOnItsThread() {
    CompletableFuture<Thread> where = new CompletableFuture<>();

    thread.execute(() -> where.complete(Thread.currentThread()));

    assertNotSame(Thread.currentThread(), where.join());
  }

  @Test
  void pausesReadingWhileMoreWaitsThanMay() {
    EmbeddedChannel charger = new EmbeddedChannel();
    waitForAnAnswer();

    channel.writeInbound(CHANGED, CHANGED, CHANGED);
    assertFalse(backPressure.check(charger));
    channel.writeInbound(CHANGED);
    assertTrue(backPressure.check(charger));

    answer.countDown();
    thread.awaitThrough(LIMIT);
    assertFalse(backPressure.check(charger));
    assertTrue(charger.config().isAutoRead());
  }

  @Test
  void letsARunningMessageEndBeforeRoutesAreReplaced() {
    waitForAnAnswer();
    channel.writeInbound(CHANGED);
    CompletableFuture<List<Object>> seen = new CompletableFuture<>();
    Thread reload =
        new Thread(
            () -> {
              backPressure.pauseAndWait(BackPressure.Reason.ROUTES_RELOADING, LIMIT);
              seen.complete(List.copyOf(published));
            });
    reload.start();

    answer.countDown();

    assertEquals(List.of(CHANGED), seen.join());
  }

  /** A route that asks somebody else, who takes their time. */
  private void waitForAnAnswer() {
    channel
        .pipeline()
        .addLast(
            thread.executor(),
            "route",
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
                thread.run(
                    (ChargerMessage) message,
                    () -> {
                      answer.await();
                      published.add(message);
                    });
              }
            });
  }
}
