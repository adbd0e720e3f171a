package dev.evsebridge.state;

import java.util.OptionalLong;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/**
 * Has the broker forget what is retained of somebody alive when nothing newer comes: nobody may
 * take what a dead bridge has said for fresh.
 */
public final class StateExpiry {

  /** Sets Message Expiry of what is about to be published. */
  public void set(Exchange exchange) throws InvalidPayloadException {
    Message message = exchange.getMessage();
    MqttProperties properties = new MqttProperties();
    OptionalLong seconds = message.getMandatoryBody(Expiring.class).messageExpirySeconds();
    if (seconds.isPresent()) {
      properties.setMessageExpiryInterval(seconds.getAsLong());
    }
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);
  }
}
