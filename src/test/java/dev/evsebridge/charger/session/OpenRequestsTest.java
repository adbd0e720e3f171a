package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.Outcomes.response;
import static dev.evsebridge.charger.session.SessionFixtures.PING_RESPONSE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OpenRequestsTest {
  private final OpenRequests requests = new OpenRequests();
  private final CompletableFuture<@Nullable ChargerResponse> outcome = new CompletableFuture<>();

  @Test
  void endsForTheRouteAsItEndsAtTheCharger() {
    var awaited = requests.await("route", "route", outcome);
    assertOpen(awaited);

    outcome.complete(PING_RESPONSE);

    assertEquals(PING_RESPONSE, response(awaited));
  }

  @Test
  void failsForTheRouteAsItFailsAtTheCharger() {
    var awaited = requests.await("route", "route", outcome);

    outcome.completeExceptionally(new RequestFailedException(ErrorCode.TIMEOUT, "Too late."));

    assertEquals(ErrorCode.TIMEOUT, error(awaited));
  }

  @Test
  void takesWhatHasEndedAlready() {
    outcome.complete(null);

    assertNull(response(requests.await("route", "route", outcome)));
  }

  @Test
  void givesUpWhatWaitsInTheRoutesThatAreNamedAndNothingElse() {
    var named = requests.await("named", "named", outcome);
    var other = requests.await("other", "other", outcome);

    requests.giveUp("named"::equals, ErrorCode.DISCONNECTED, "Routes are reloaded.");

    assertEquals(ErrorCode.DISCONNECTED, error(named));
    assertOpen(other);
  }

  @Test
  void leavesARequestThatIsGivenUpToGoOnAtTheCharger() {
    requests.await("route", "route", outcome);

    requests.giveUp(route -> true, ErrorCode.DISCONNECTED, "The bridge has stopped.");

    assertFalse(outcome.isDone());
  }

  @Test
  void doesNotChangeWhatEndedBeforeItIsGivenUp() {
    var awaited = requests.await("route", "route", outcome);
    outcome.complete(PING_RESPONSE);

    requests.giveUp(route -> true, ErrorCode.DISCONNECTED, "The bridge has stopped.");

    assertEquals(PING_RESPONSE, response(awaited));
  }
}
