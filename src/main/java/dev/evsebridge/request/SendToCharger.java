package dev.evsebridge.request;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.session.SessionRegistry;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.support.AsyncProcessorSupport;
import org.jspecify.annotations.Nullable;

/**
 * Sends the request to its charger's open socket. The route goes on when the answer has come, with
 * the answer as its body; meanwhile no thread waits. Firmware has no answer, so nobody is sent one.
 */
public final class SendToCharger extends AsyncProcessorSupport {

  private final SessionRegistry registry;

  /** Makes the step. */
  public SendToCharger(SessionRegistry registry) {
    this.registry = registry;
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    ChargerRequest request =
        Objects.requireNonNull(
            exchange.getMessage().getBody(ChargerRequest.class), "the body must be a request");
    CompletableFuture<@Nullable ChargerResponse> outcome =
        registry.send(request, RequestContext.of(exchange).deadline()).toCompletableFuture();
    boolean atOnce = outcome.isDone();
    var unused =
        outcome.whenComplete(
            (response, failure) -> {
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

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
