package dev.evsebridge.request;

import dev.evsebridge.session.Deadline;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request besides its content, kept with the exchange that carries it. Routes
 * can read it: {@code ${exchangeProperty.request.clientId}}.
 */
public final class RequestContext {

  /** Name of the exchange property. */
  public static final String PROPERTY = "request";

  private final boolean retained;
  private final Deadline deadline;
  private @Nullable ReplyTo replyTo;
  private @Nullable String clientId;
  private @Nullable String requestType;

  RequestContext(boolean retained, Deadline deadline) {
    this.retained = retained;
    this.deadline = deadline;
  }

  static @Nullable RequestContext find(Exchange exchange) {
    return exchange.getProperty(PROPERTY, RequestContext.class);
  }

  static RequestContext of(Exchange exchange) {
    return Objects.requireNonNull(
        find(exchange), "the route must admit a request before it works on it");
  }

  void keepIn(Exchange exchange) {
    exchange.setProperty(PROPERTY, this);
  }

  /** Whether it came from the broker's retained store. */
  public boolean isRetained() {
    return retained;
  }

  /** Whether the sender wants an answer on a topic of its own. */
  public boolean isReplyWanted() {
    return replyTo != null;
  }

  /** The charger that is meant, once known. */
  public @Nullable String getClientId() {
    return clientId;
  }

  /** The request's message_type, once known. */
  public @Nullable String getRequestType() {
    return requestType;
  }

  Deadline deadline() {
    return deadline;
  }

  @Nullable ReplyTo replyTo() {
    return replyTo;
  }

  void replyTo(@Nullable ReplyTo to) {
    replyTo = to;
  }

  void identify(@Nullable String client, @Nullable String type) {
    clientId = client;
    requestType = type;
  }
}
