package dev.evsebridge.request;

import dev.evsebridge.charger.session.SessionRegistry;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request besides its content, kept with the exchange that carries it.
 *
 * <p>What routes decide by stands in exchange properties of its own: Camel reads {@code
 * ${exchangeProperty.messageType}} at once, but looks into an object by reflection, each time.
 */
final class RequestContext {

  /** The charger that is meant, once known. */
  static final String CLIENT_ID = "clientId";

  /** The request's message_type, once known. */
  static final String MESSAGE_TYPE = SessionRegistry.REQUEST_TYPE;

  /** The topic on which the sender wants the response as well, where it wants one. */
  static final String REPLY_TO = "replyTo";

  private static final String PROPERTY = "request";

  private final boolean retained;
  private @Nullable ReplyTo replyTo;
  private @Nullable String clientId;
  private @Nullable String requestType;

  RequestContext(boolean retained) {
    this.retained = retained;
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
  boolean isRetained() {
    return retained;
  }

  /** The charger that is meant, once known. */
  @Nullable String clientId() {
    return clientId;
  }

  /** The request's message_type, once known. */
  @Nullable String requestType() {
    return requestType;
  }

  @Nullable ReplyTo replyTo() {
    return replyTo;
  }

  void replyTo(@Nullable ReplyTo to, Exchange exchange) {
    replyTo = to;
    exchange.setProperty(REPLY_TO, to == null ? null : to.topic());
  }

  void identify(@Nullable String client, @Nullable String type, Exchange exchange) {
    clientId = client;
    requestType = type;
    exchange.setProperty(CLIENT_ID, client);
    exchange.setProperty(MESSAGE_TYPE, type);
  }
}
