package dev.evsebridge.request;

import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;

/** Addresses a response or an error to the Response Topic of its request. */
public final class Replies {

  /** Sets topic and Correlation Data of the message that is about to be published. */
  public void address(Exchange exchange) {
    ReplyTo replyTo = RequestContext.of(exchange).replyTo();
    if (replyTo == null) {
      throw new IllegalStateException("the request asked for no reply");
    }
    Message message = exchange.getMessage();
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, replyTo.topic());
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, replyTo.properties());
  }
}
