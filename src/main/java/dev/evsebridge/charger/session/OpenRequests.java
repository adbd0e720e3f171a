package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests whose routes wait for a charger. A route that has ended can't continue later:
 * whoever still waits then must have been given up before.
 */
public final class OpenRequests {

  private static final String AFTER_AN_UPLOAD =
      " After an upload, the charger's next new_connection shows the version that it runs.";

  private final Map<CompletableFuture<@Nullable ChargerResponse>, String> routeIds =
      new ConcurrentHashMap<>();

  /**
   * Lets a route wait for the outcome of a request.
   *
   * @param routeId the route that the request came from
   * @return ends with the request, or earlier when it is given up
   */
  CompletionStage<@Nullable ChargerResponse> await(
      String routeId, CompletionStage<@Nullable ChargerResponse> outcome) {
    // A future of its own: to give it up must not end the request where it is carried out.
    CompletableFuture<@Nullable ChargerResponse> awaited = outcome.toCompletableFuture().copy();
    if (!awaited.isDone()) {
      routeIds.put(awaited, routeId);
      var unused = awaited.whenComplete((response, failure) -> routeIds.remove(awaited));
    }
    return awaited;
  }

  /**
   * Ends requests with an error. What has been sent to chargers goes on there.
   *
   * @param ofRoute the ids of routes whose requests are given up
   */
  public void giveUp(Predicate<String> ofRoute, ErrorCode code, String why) {
    routeIds.forEach(
        (awaited, routeId) -> {
          if (ofRoute.test(routeId)) {
            awaited.completeExceptionally(new RequestFailedException(code, why + AFTER_AN_UPLOAD));
          }
        });
  }
}
