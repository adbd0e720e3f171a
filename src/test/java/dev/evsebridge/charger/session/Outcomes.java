package dev.evsebridge.charger.session;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** How requests have ended. */
public final class Outcomes {

  private Outcomes() {}

  public static void assertOpen(CompletionStage<@Nullable ChargerResponse> request) {
    assertFalse(request.toCompletableFuture().isDone(), "the request has ended");
  }

  static @Nullable ChargerResponse response(CompletionStage<@Nullable ChargerResponse> request) {
    assertTrue(request.toCompletableFuture().isDone(), "the request has not ended");
    return request.toCompletableFuture().join();
  }

  public static ErrorCode error(CompletionStage<@Nullable ChargerResponse> request) {
    return failure(request).code();
  }

  public static String detail(CompletionStage<@Nullable ChargerResponse> request) {
    return failure(request).detail();
  }

  private static RequestFailedException failure(
      CompletionStage<@Nullable ChargerResponse> request) {
    assertTrue(request.toCompletableFuture().isDone(), "the request has not ended");
    CompletionException failure =
        assertThrows(CompletionException.class, () -> request.toCompletableFuture().join());
    return assertInstanceOf(RequestFailedException.class, failure.getCause());
  }
}
