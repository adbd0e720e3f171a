package dev.evsebridge.state;

import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/**
 * Has the broker forget the state of a connected charger when no newer one comes: nobody may take
 * that of a dead bridge for fresh. The last one after a disconnect stays.
 */
public final class StateExpiry {

  static final long SECONDS = 60;

  /** Sets Message Expiry of a state that is about to be published. */
  public void set(Exchange exchange) throws InvalidPayloadException {
    Message message = exchange.getMessage();
    MqttProperties properties = new MqttProperties();
    if (message.getMandatoryBody(ChargerState.class).connected()) {
      properties.setMessageExpiryInterval(SECONDS);
    }
    message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);
  }
}
