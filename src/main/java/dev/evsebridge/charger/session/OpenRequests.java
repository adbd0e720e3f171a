package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests whose routes wait for a charger, and what waits on its way for a broker of the
 * user's own. A route that has ended can't continue later: whoever still waits then must have been
 * given up before.
 */
public final class OpenRequests {

  private static final String AFTER_AN_UPLOAD =
      " After an upload, the charger's next new_connection shows the version that it runs.";

  private final Set<OpenRequest> open = ConcurrentHashMap.newKeySet();
  private final Set<OnItsWay> onTheirWay = ConcurrentHashMap.newKeySet();

  /**
   * Lets a route wait for the outcome of a request.
   *
   * @param firstRouteId the route that the request came from
   * @param currentRouteId the route that sends it
   * @return ends with the request, or earlier when it is given up
   */
  CompletionStage<@Nullable ChargerResponse> await(
      String firstRouteId,
      String currentRouteId,
      CompletionStage<@Nullable ChargerResponse> outcome) {
    OpenRequest request = new OpenRequest(firstRouteId, currentRouteId, outcome);
    if (!request.awaited.isDone()) {
      open.add(request);
      var unused = request.awaited.whenComplete((response, failure) -> open.remove(request));
    }
    return request.awaited;
  }

  /**
   * Lets a message wait on its way, for something else than a charger.
   *
   * @param firstRouteId the route that the message came from
   * @param currentRouteId the route in which it waits
   * @param giveUp lets its route go on with an error
   * @return to be called when it no longer waits
   */
  public Runnable await(String firstRouteId, String currentRouteId, Runnable giveUp) {
    OnItsWay message = new OnItsWay(firstRouteId, currentRouteId, giveUp);
    onTheirWay.add(message);
    return () -> onTheirWay.remove(message);
  }

  /** How many routes wait for a charger. */
  public int size() {
    return open.size();
  }

  /**
   * Whether any message waits on its way.
   *
   * @param ofRoute the ids of routes whose messages count
   */
  public boolean anyOnItsWay(Predicate<String> ofRoute) {
    return onTheirWay.stream().anyMatch(message -> message.isOf(ofRoute));
  }

  /** Gives up messages that wait on their way. */
  public void giveUpOnTheirWay(Predicate<String> ofRoute) {
    for (OnItsWay message : onTheirWay) {
      if (message.isOf(ofRoute)) {
        message.giveUp.run();
      }
    }
  }

  /**
   * Whether any request waits for a charger.
   *
   * @param ofRoute the ids of routes whose requests count
   */
  public boolean anyOf(Predicate<String> ofRoute) {
    return open.stream().anyMatch(request -> request.isOf(ofRoute));
  }

  /**
   * Ends all that waits with an error. What has been sent to chargers goes on there.
   *
   * @param ofRoute the ids of routes whose requests are given up
   */
  public void giveUp(Predicate<String> ofRoute, ErrorCode code, String why) {
    for (OpenRequest request : open) {
      if (request.isOf(ofRoute)) {
        request.awaited.completeExceptionally(
            new RequestFailedException(code, why + AFTER_AN_UPLOAD));
      }
    }
    giveUpOnTheirWay(ofRoute);
  }

  /** Not a record: two messages of one route are two messages. */
  private static final class OnItsWay {
    private final String firstRouteId;
    private final String currentRouteId;
    private final Runnable giveUp;

    OnItsWay(String firstRouteId, String currentRouteId, Runnable giveUp) {
      this.firstRouteId = firstRouteId;
      this.currentRouteId = currentRouteId;
      this.giveUp = giveUp;
    }

    boolean isOf(Predicate<String> route) {
      return route.test(firstRouteId) || route.test(currentRouteId);
    }
  }

  /** Not a record: two requests of the same content are two requests. */
  private static final class OpenRequest {
    private final String firstRouteId;
    private final String currentRouteId;

    /** A future of its own: to give it up must not end the request where it is carried out. */
    private final CompletableFuture<@Nullable ChargerResponse> awaited;

    OpenRequest(
        String firstRouteId,
        String currentRouteId,
        CompletionStage<@Nullable ChargerResponse> outcome) {
      this.firstRouteId = firstRouteId;
      this.currentRouteId = currentRouteId;
      this.awaited = outcome.toCompletableFuture().copy();
    }

    boolean isOf(Predicate<String> route) {
      return route.test(firstRouteId) || route.test(currentRouteId);
    }
  }
}
