package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.local.LocalServerChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class WatchdogTest {
  private final List<Integer> halted = new ArrayList<>();
  private final Watchdog watchdog = new Watchdog(halted::add);
  private final Pulse pulse = Pulse.steady("pulse of the test");

  @Test
  void endsAProcessInWhichAThreadHasFallenSilent() {
    watchdog.add(pulse);
    pulse.beat();
    pass(30);
    assertEquals(List.of(), halted);

    pass(1);
    assertEquals(List.of(Watchdog.STATUS), halted);
  }

  @Test
  void watchesEachThreadByItself() {
    Pulse other = Pulse.steady("other");
    watchdog.add(pulse);
    watchdog.add(other);
    for (int second = 0; second < 31; second++) {
      other.beat();
      pass(1);
    }

    assertNotEquals(List.of(), halted);
  }

  @Test
  void leavesAProcessAloneWhoseThreadsBeat() {
    watchdog.add(pulse);
    for (int second = 0; second < 100; second++) {
      pulse.beat();
      pass(1);
    }

    assertEquals(List.of(), halted);
  }

  @Test
  void doesNotCountTimeInWhichTheProcessDidNotRun() {
    watchdog.add(pulse);
    pass(20);
    watchdog.look(Duration.ofHours(1).toNanos());
    pulse.beat();
    pass(1);

    assertEquals(List.of(), halted);
  }

  @Test
  void takesNobodyForStuckWhoHasNothingToDo() {
    Pulse whileBusy = Pulse.whileBusy("work of the test");
    watchdog.add(whileBusy);
    whileBusy.begin();
    whileBusy.end();
    pass(100);
    assertEquals(List.of(), halted);

    whileBusy.begin();
    pass(31);
    assertNotEquals(List.of(), halted);
  }

  @Test
  void noticesAThreadThatHangsWhileOthersWaitForIt() {
    Pulse whileBusy = Pulse.whileBusy("work of the test");
    watchdog.add(whileBusy);
    whileBusy.begin();
    pass(15);
    whileBusy.begin();
    pass(31);

    assertNotEquals(List.of(), halted);
  }

  @Test
  void watchesNobodyWhoHasEnded() {
    watchdog.add(pulse);
    pass(29);
    watchdog.remove(pulse);
    pass(29);

    assertEquals(List.of(), halted);
  }

  @Test
  void endsAStopThatHangs() {
    watchdog.add(pulse);
    pass(20);
    watchdog.stopWithin(Duration.ofSeconds(17));
    pass(16);
    assertEquals(List.of(), halted);

    pass(1);
    assertEquals(List.of(Watchdog.STATUS), halted);
  }

  @Test
  void namesTheThreadThatHasBeenSilentForLongest() {
    Pulse later = Pulse.steady("later");
    watchdog.add(later);
    watchdog.add(pulse);
    pulse.beat();
    pass(5);
    later.beat();
    pass(5);
    assertNull(watchdog.slowest());

    pass(10);
    assertEquals("pulse of the test", watchdog.slowest());
  }

  @Test
  void theThreadOfAnExecutorBeatsUntilATaskHangs() throws InterruptedException {
    FailStopExecutor executor = new FailStopExecutor("executor of the test");
    CountDownLatch end = new CountDownLatch(1);
    try {
      Pulse own = executor.pulse();
      awaitBeat(own);
      CountDownLatch hangs = new CountDownLatch(1);
      executor.execute(
          () -> {
            hangs.countDown();
            await(end);
          });
      hangs.await();
      own.look(1);
      long silent = own.silentNanos();
      assertEquals(silent + 1, own.look(1));
      assertEquals(silent + 2, own.look(1));

      end.countDown();
      awaitBeat(own);
    } finally {
      end.countDown();
      executor.shutdownNow();
    }
  }

  @Test
  void anEventLoopIsWatchedFromItsFirstConnectionToItsEnd() {
    DefaultEventLoop loop = new DefaultEventLoop();
    EventLoopPulses pulses = new EventLoopPulses(watchdog);
    CountDownLatch end = new CountDownLatch(1);
    try {
      LocalServerChannel channel = new LocalServerChannel();
      loop.register(channel).syncUninterruptibly();
      pulses.watch(channel);
      pulses.watch(channel);
      loop.execute(() -> await(end));
      pass(32);
      assertNotEquals(List.of(), halted);
    } finally {
      end.countDown();
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }
    Awaitility.await()
        .until(
            () -> {
              halted.clear();
              pass(31);
              return halted.isEmpty();
            });
  }

  private static void awaitBeat(Pulse pulse) {
    pulse.look(1);
    Awaitility.await().until(() -> pulse.look(1) == 0);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pass(int seconds) {
    for (int second = 0; second < seconds; second++) {
      watchdog.look(Duration.ofSeconds(1).toNanos());
    }
  }
}
