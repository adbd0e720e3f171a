package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to a charger. It ends exactly once: with the charger's response, with null
 * when firmware has been taken in, or with a {@link RequestFailedException}.
 */
final class PendingRequest {

  /** Who wants it, and so what is allowed for it. */
  enum Kind {
    /** From outside, in its turn. */
    ORDINARY,
    /** A safety command: goes first, and beside a request that has no response yet. */
    URGENT,
    /** The bridge's own question; a ping's response is not published. */
    PROBE
  }

  private final ChargerRequest request;
  private final Deadline deadline;
  private final Kind kind;
  private final CompletableFuture<@Nullable ChargerResponse> outcome = new CompletableFuture<>();
  private long sentAtNanos;
  private long dueAtNanos;
  private @Nullable ScheduledFuture<?> timeout;
  private @Nullable ChargerResponse doubtfulResponse;
  private @Nullable RequestGuard guard;

  PendingRequest(ChargerRequest request, Deadline deadline, Kind kind) {
    this.request = request;
    this.deadline = deadline;
    this.kind = kind;
  }

  ChargerRequest request() {
    return request;
  }

  Kind kind() {
    return kind;
  }

  CompletionStage<@Nullable ChargerResponse> outcome() {
    return outcome;
  }

  /** Has a guard asked once more before the request is written. */
  void guardedBy(@Nullable RequestGuard lastAsked) {
    guard = lastAsked;
  }

  /** Why the request must not be written any more; null when it may. */
  @Nullable RequestFailedException lastWord(ChargerSession session) {
    return guard == null ? null : guard.lastWord(session, request);
  }

  boolean canExpire() {
    return deadline != Deadline.NONE;
  }

  boolean expired() {
    return deadline.passed();
  }

  void markSent(long nowNanos) {
    sentAtNanos = nowNanos;
  }

  long sentAtNanos() {
    return sentAtNanos;
  }

  /**
   * Notes the timer that ends the wait for the response, instead of the one before.
   *
   * @param atNanos when it is due, by {@link System#nanoTime}
   */
  void awaitUntil(long atNanos, ScheduledFuture<?> timer) {
    stopWaiting();
    dueAtNanos = atNanos;
    timeout = timer;
  }

  long dueAtNanos() {
    return dueAtNanos;
  }

  void stopWaiting() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
  }

  /** A response that may be this request's, or the late one of a request before it. */
  @Nullable ChargerResponse doubtfulResponse() {
    return doubtfulResponse;
  }

  void doubtfulResponse(@Nullable ChargerResponse response) {
    doubtfulResponse = response;
  }

  boolean isDone() {
    return outcome.isDone();
  }

  void complete(@Nullable ChargerResponse response) {
    outcome.complete(response);
  }

  /**
   * Runs an action when the request has ended.
   *
   * @param action takes the response and the failure, of which one is null
   * @param fault takes what the action throws: a future would keep it to itself
   */
  void whenEnded(
      BiConsumer<@Nullable ChargerResponse, @Nullable Throwable> action,
      Consumer<Throwable> fault) {
    var unused =
        outcome.whenComplete(
            (response, failure) -> {
              try {
                action.accept(response, failure);
              } catch (RuntimeException e) {
                fault.accept(e);
              }
            });
  }

  /** Ends as another request does. */
  void endWith(PendingRequest other) {
    var unused =
        other.outcome.whenComplete(
            (response, failure) -> {
              if (failure == null) {
                outcome.complete(response);
              } else {
                outcome.completeExceptionally(failure);
              }
            });
  }

  void failDisconnected() {
    fail(ErrorCode.DISCONNECTED, "The connection ended before the charger responded.");
  }

  void fail(ErrorCode code, String detail) {
    fail(new RequestFailedException(code, detail));
  }

  void fail(Throwable failure) {
    outcome.completeExceptionally(failure);
  }
}
