package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class GateTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final Gate gate = new Gate();

  @Test
  void letsPassWhileOpen() throws Exception {
    assertEquals("passed", pass().get(30, TimeUnit.SECONDS));
  }

  @Test
  void keepsWaitingUntilItIsOpened() throws Exception {
    gate.close(LONG);
    CompletableFuture<String> passed = pass();
    assertThrows(TimeoutException.class, () -> passed.get(50, TimeUnit.MILLISECONDS));
    gate.open();
    assertEquals("passed", passed.get(30, TimeUnit.SECONDS));
  }

  @Test
  void letsPassWhenItHasBeenClosedForTooLong() throws Exception {
    gate.close(Duration.ofMillis(20));
    assertEquals("passed", pass().get(30, TimeUnit.SECONDS));
  }

  @Test
  void knowsWhetherThoseInsideHaveLeft() {
    gate.enter();
    gate.close(LONG);
    assertFalse(gate.awaitEmpty(Duration.ofMillis(20)));
    gate.leave();
    assertTrue(gate.awaitEmpty(LONG));
  }

  private CompletableFuture<String> pass() {
    return CompletableFuture.supplyAsync(
        () -> {
          gate.enter();
          gate.leave();
          return "passed";
        });
  }
}
