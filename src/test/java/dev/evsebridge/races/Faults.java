package dev.evsebridge.races;

import dev.evsebridge.races.Races.Fault;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Patience;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What happens to bridges, on a thread of its own: requests go on meanwhile. */
final class Faults implements AutoCloseable {

  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration FROZEN = Duration.ofSeconds(3);

  private final List<BridgeProcess> bridges;
  private final Witness witness;
  private final Random random;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CompletableFuture<Void> done;

  /** Begins at once; the first fault comes after half the time between two of them. */
  Faults(Fault fault, List<BridgeProcess> bridges, Witness witness, Random random) {
    this.bridges = bridges;
    this.witness = witness;
    this.random = random;
    done =
        switch (fault) {
          case KILL -> begin(this::kill);
          case FREEZE -> begin(this::freeze);
          case UPGRADE -> CompletableFuture.runAsync(this::upgrade);
          case NONE, BROKER_RESTART -> CompletableFuture.completedFuture(null);
        };
  }

  private CompletableFuture<Void> begin(Runnable fault) {
    return CompletableFuture.runAsync(
        () -> {
          for (Duration pause = EVERY.dividedBy(2); !isClosingAfter(pause); pause = EVERY) {
            fault.run();
          }
        });
  }

  private boolean isClosingAfter(Duration pause) {
    try {
      return closing.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private void kill() {
    int bridge = random.nextInt(bridges.size());
    witness.kills(Races.name(bridge));
    bridges.get(bridge).kill();
    bridges.get(bridge).start();
  }

  private void freeze() {
    BridgeProcess bridge = bridges.get(random.nextInt(bridges.size()));
    bridge.freeze();
    boolean unused = isClosingAfter(FROZEN);
    bridge.thaw();
  }

  /** One after the other is stopped and started again, as docs/operations.md says. */
  private void upgrade() {
    for (int i = 0; i < bridges.size() && closing.getCount() > 0; i++) {
      String name = Races.name(i);
      Long before = witness.onlineSince(name);
      int unused = bridges.get(i).stop();
      bridges.get(i).start().awaitListening();
      Patience.until(
          name + " is online again",
          () -> {
            Long since = witness.onlineSince(name);
            return since != null && !since.equals(before);
          });
    }
  }

  /** Whether all has happened that was to happen, or something has failed. */
  boolean isDone() {
    return done.isDone();
  }

  /** Ends it, and throws what has failed. */
  @Override
  public void close() {
    closing.countDown();
    done.join();
  }
}
