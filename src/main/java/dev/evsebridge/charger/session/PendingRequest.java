package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to a charger. It ends exactly once: with the charger's response, with null
 * when firmware has been taken in, or with a {@link RequestFailedException}.
 */
final class PendingRequest {

  private final ChargerRequest request;
  private final Deadline deadline;
  private final CompletableFuture<@Nullable ChargerResponse> outcome = new CompletableFuture<>();
  private long sentAtNanos;
  private volatile boolean delivered;

  PendingRequest(ChargerRequest request, Deadline deadline) {
    this.request = request;
    this.deadline = deadline;
  }

  ChargerRequest request() {
    return request;
  }

  CompletionStage<@Nullable ChargerResponse> outcome() {
    return outcome;
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

  /** The last byte has left: what comes next is for the charger to say. */
  void markDelivered() {
    delivered = true;
  }

  boolean delivered() {
    return delivered;
  }

  boolean isDone() {
    return outcome.isDone();
  }

  void complete(@Nullable ChargerResponse response) {
    outcome.complete(response);
  }

  void failDisconnected() {
    fail(ErrorCode.DISCONNECTED, "The connection ended before the charger responded.");
  }

  void fail(ErrorCode code, String detail) {
    outcome.completeExceptionally(new RequestFailedException(code, detail));
  }
}
