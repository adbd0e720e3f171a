package dev.evsebridge.request;

import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.support.AsyncProcessorSupport;
import org.jspecify.annotations.Nullable;

/**
 * Sends the request to its charger's open socket. The route goes on when the answer has come, with
 * the answer as its body; meanwhile no thread waits. Firmware has no answer, so nobody is sent one.
 *
 * <p>A route that ends can't go on later: by then, whoever still waits must have been given up.
 */
public final class SendToCharger extends AsyncProcessorSupport {

  private static final String AFTER_AN_UPLOAD =
      " After an upload, the charger's next new_connection shows the version that it runs.";

  private final SessionRegistry registry;
  private final ConcurrentMap<Exchange, CompletableFuture<@Nullable ChargerResponse>> waiting =
      new ConcurrentHashMap<>();

  /** Creates the step. */
  public SendToCharger(SessionRegistry registry) {
    this.registry = registry;
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    ChargerRequest request =
        Objects.requireNonNull(
            exchange.getMessage().getBody(ChargerRequest.class), "the body must be a request");
    // A future of its own: to give it up must not end the request where it is carried out.
    CompletableFuture<@Nullable ChargerResponse> outcome =
        registry.send(request, RequestContext.of(exchange).deadline()).toCompletableFuture().copy();
    boolean atOnce = outcome.isDone();
    waiting.put(exchange, outcome);
    var unused =
        outcome.whenComplete(
            (response, failure) -> {
              waiting.remove(exchange);
              if (failure == null) {
                exchange.getMessage().setBody(response);
                if (response == null) {
                  exchange.removeProperty(RequestContext.REPLY_TO);
                }
              } else {
                exchange.setException(unwrapped(failure));
              }
              callback.done(atOnce);
            });
    return atOnce;
  }

  /**
   * Ends all that wait for a charger with an error. What has been sent to chargers goes on there.
   */
  public void giveUp(ErrorCode code, String why) {
    for (CompletableFuture<@Nullable ChargerResponse> outcome : waiting.values()) {
      outcome.completeExceptionally(new RequestFailedException(code, why + AFTER_AN_UPLOAD));
    }
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
