package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GatheringQueueTest {

  private final GatheringQueue<Integer> queue = new GatheringQueue<>(1000);

  @Test
  void givesAllElementsInTheirOrder() throws Exception {
    CompletableFuture<List<Integer>> taken =
        CompletableFuture.supplyAsync(
            () -> {
              List<Integer> all = new ArrayList<>();
              try {
                while (all.size() < 300) {
                  all.add(queue.take());
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return all;
            });

    List<Integer> added = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      queue.put(i);
      added.add(i);
    }

    assertEquals(added, taken.get(30, TimeUnit.SECONDS));
  }

  @Test
  void endsItsWaitWhenInterrupted() throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                queue.take();
                interrupted.complete(false);
              } catch (InterruptedException e) {
                interrupted.complete(true);
              }
            });
    reader.start();

    reader.interrupt();

    assertTrue(interrupted.get(30, TimeUnit.SECONDS));
  }
}
