package dev.evsebridge.request;

import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.mqtt.Receipt;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;

/** Addresses a response or an error to the Response Topic of its request. */
public final class Replies {

  private final Consumer<ErrorMessage> undeliverable;

  /**
   * Creates the bean.
   *
   * @param undeliverable takes errors about replies that no broker connection survives
   */
  public Replies(Consumer<ErrorMessage> undeliverable) {
    this.undeliverable = undeliverable;
  }

  /** Sets topic and Correlation Data of the message that is about to be published. */
  public void address(Exchange exchange) {
    RequestContext context = RequestContext.of(exchange);
    ReplyTo replyTo = context.replyTo();
    if (replyTo == null) {
      throw new IllegalStateException("the request asked for no reply");
    }
    Message message = exchange.getMessage();
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, replyTo.topic());
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, replyTo.properties());
    message.setHeader(Receipt.HEADER, new Reply(context, undeliverable));
  }

  /** Reports a reply that was given up. */
  private record Reply(RequestContext request, Consumer<ErrorMessage> errors) implements Receipt {
    @Override
    public void undeliverable(String reason) {
      errors.accept(
          new ErrorMessage(
              request.clientId(),
              request.requestType(),
              ErrorCode.INVALID_VALUE.code(),
              "The broker does not take messages on the Response Topic (%s); the reply was dropped."
                  .formatted(reason)));
    }
  }
}
