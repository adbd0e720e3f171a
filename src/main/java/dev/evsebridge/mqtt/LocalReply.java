package dev.evsebridge.mqtt;

import java.util.function.Consumer;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/**
 * The properties of a request that comes from this process and not from the broker. Where MQTT 5
 * clients name a Response Topic it names who takes the reply, which is then not published.
 */
public final class LocalReply extends MqttProperties {

  /** What routes see instead of a Response Topic. */
  public static final String TOPIC = "(this process)";

  private final Consumer<byte[]> receiver;

  /**
   * Creates it.
   *
   * @param receiver takes the response or the error as JSON, on any thread; must not block
   */
  public LocalReply(Consumer<byte[]> receiver) {
    this.receiver = receiver;
  }

  void deliver(byte[] payload) {
    receiver.accept(payload);
  }
}
