package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FailStopExecutorTest {
  private final BlockingQueue<Throwable> faults = new LinkedBlockingQueue<>();
  private final FailStopExecutor executor = new FailStopExecutor("test", faults::add);

  @AfterEach
  void end() {
    executor.shutdownNow();
  }

  @Test
  void reportsWhatATaskThrows() throws Exception {
    RuntimeException fault = new IllegalStateException("of the test");
    executor.execute(
        () -> {
          throw fault;
        });
    assertSame(fault, faults.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void reportsWhatAPeriodicTaskThrows() throws Exception {
    Error fault = new OutOfMemoryError("of the test");
    executor.scheduleWithFixedDelay(
        () -> {
          throw fault;
        },
        1,
        1,
        TimeUnit.MILLISECONDS);
    assertSame(fault, faults.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void reportsNothingElse() throws Exception {
    ScheduledFuture<?> cancelled = executor.schedule(() -> {}, 1, TimeUnit.HOURS);
    cancelled.cancel(false);
    assertEquals("done", executor.submit(() -> "done").get());
    assertNull(faults.poll());
  }

  @Test
  void reportsNothingOnceItIsEnding() throws Exception {
    executor.execute(
        () -> {
          executor.shutdown();
          throw new RejectedExecutionException("of the test");
        });
    executor.awaitTermination(10, TimeUnit.SECONDS);
    assertNull(faults.poll());
  }

  @Test
  void waitsForTheEndOfATask() {
    AtomicBoolean ended = new AtomicBoolean();
    executor.executeAndWait(() -> ended.set(true), Duration.ofSeconds(10));
    assertTrue(ended.get());
  }

  @Test
  void waitsForNothingOnceItIsStopped() {
    executor.shutdownNow();
    assertTimeoutPreemptively(
        Duration.ofSeconds(30), () -> executor.executeAndWait(() -> {}, Duration.ofDays(1)));
  }

  @Test
  void waitsForATaskNoLongerThanIsAsked() {
    CountDownLatch never = new CountDownLatch(1);
    assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () -> executor.executeAndWait(() -> awaitForever(never), Duration.ofMillis(1)));
    executor.shutdownNow();
  }

  private static void awaitForever(CountDownLatch never) {
    try {
      never.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
