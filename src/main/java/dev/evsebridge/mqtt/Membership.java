package dev.evsebridge.mqtt;

import java.util.List;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/**
 * What one of several bridges adds to its connection: it follows what all of them say of
 * themselves, and takes only the requests that are its own.
 */
public interface Membership {

  /** Where this bridge says that it is online, and its last will that it is not. */
  String availabilityTopic();

  /** What is subscribed to before everything else, with all that is stored. */
  List<String> followed();

  /** Whether it also follows what it says itself. */
  boolean echoes(String followed);

  /** The name of the group in shared subscriptions. */
  String shareName();

  /** Topic filters of requests of which one bridge must answer those that no other does. */
  List<String> refereed();

  /** A new connection begins: nothing has come on it yet. */
  void began();

  /** The connection has ended. */
  void lost();

  /** The properties of the message with which this bridge says that it is online. */
  MqttProperties greeting();

  /** A message has come on a followed topic; on the connection's thread, must not block. */
  void heard(String topic, MqttMessage message);

  /**
   * Whether a request that every bridge gets is for this one; on the connection's thread, in the
   * order of arrival.
   *
   * @param topicFilter the subscription that it came by
   */
  boolean isForThisBridge(String topicFilter, String topic, byte @Nullable [] payload);

  /**
   * Whether what comes by a subscription is for all bridges: each does its part, and the one that
   * has got a copy alone gives the response.
   *
   * @param topicFilter the subscription that every bridge has
   */
  boolean isForAll(String topicFilter);

  /**
   * A request for all bridges has come: this one does its part and says nothing. On the
   * connection's thread, in the order of arrival; must not block.
   *
   * @param arrivedAtNanos the earliest moment at which it can have arrived, by {@link
   *     System#nanoTime}
   */
  void doPart(String topic, MqttMessage message, long arrivedAtNanos);

  /** Whether a request that only this bridge has got is for no other. */
  boolean isForNobody(String topicFilter, String topic, byte @Nullable [] payload);
}
