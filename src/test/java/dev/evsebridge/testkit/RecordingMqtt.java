package dev.evsebridge.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultEndpoint;
import org.apache.camel.support.DefaultProducer;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/** Stands in for the component {@code paho-mqtt5}: no broker, but a memory. */
public final class RecordingMqtt extends DefaultComponent {

  private final ConcurrentLinkedQueue<Published> published = new ConcurrentLinkedQueue<>();
  private final Map<String, DeliveringConsumer> subscribers = new ConcurrentHashMap<>();
  private Predicate<String> broken = topic -> false;

  /**
   * A message that a route has published.
   *
   * @param topic where
   * @param text its payload
   * @param options of the endpoint, such as qos and retained, and the headers that overrule them;
   *     {@code messageExpiry} in seconds
   * @param correlationData of its MQTT 5 properties, as text
   */
  public record Published(
      String topic, String text, Map<String, Object> options, @Nullable String correlationData) {}

  /** Makes publishing to some topics fail. */
  public void breakTopics(Predicate<String> which) {
    broken = which;
  }

  /** What has been published since the last call. */
  public List<Published> published() {
    List<Published> messages = new ArrayList<>();
    for (Published next = published.poll(); next != null; next = published.poll()) {
      messages.add(next);
    }
    return messages;
  }

  /** The topics that routes listen to. */
  public List<String> subscriptions() {
    return List.copyOf(subscribers.keySet());
  }

  /** Delivers a message as the broker would; returns when the route has done with it or waits. */
  public void deliver(String topic, byte[] payload, Map<String, Object> headers) {
    DeliveringConsumer consumer = subscribers.get(topic);
    if (consumer == null) {
      throw new AssertionError("no route listens to " + topic);
    }
    consumer.deliver(topic, payload, headers);
  }

  @Override
  protected Endpoint createEndpoint(String uri, String topic, Map<String, Object> parameters) {
    Map<String, Object> options = new HashMap<>(parameters);
    parameters.clear();
    return new RecordingEndpoint(uri, this, topic, options);
  }

  private final class RecordingEndpoint extends DefaultEndpoint {
    private final String topic;
    private final Map<String, Object> options;

    RecordingEndpoint(
        String uri, RecordingMqtt component, String topic, Map<String, Object> options) {
      super(uri, component);
      this.topic = topic;
      this.options = options;
    }

    @Override
    public Producer createProducer() {
      return new DefaultProducer(this) {
        @Override
        public void process(Exchange exchange) {
          record(exchange.getMessage());
        }
      };
    }

    private void record(Message message) {
      String to =
          message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, topic, String.class);
      if (broken.test(to)) {
        throw new IllegalStateException("the test lets publishing to " + to + " fail");
      }
      Map<String, Object> effective = new HashMap<>(options);
      for (String header :
          List.of(
              PahoMqtt5Constants.CAMEL_PAHO_MSG_QOS, PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED)) {
        if (message.getHeader(header) != null) {
          effective.put(header, message.getHeader(header));
        }
      }
      MqttProperties properties =
          message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, MqttProperties.class);
      if (properties != null && properties.getMessageExpiryInterval() != null) {
        effective.put("messageExpiry", properties.getMessageExpiryInterval());
      }
      byte[] correlationData = properties == null ? null : properties.getCorrelationData();
      published.add(
          new Published(
              to,
              new String(message.getBody(byte[].class), StandardCharsets.UTF_8),
              effective,
              correlationData == null
                  ? null
                  : new String(correlationData, StandardCharsets.UTF_8)));
    }

    @Override
    public Consumer createConsumer(Processor processor) {
      return new DeliveringConsumer(this, processor, topic);
    }
  }

  private final class DeliveringConsumer extends DefaultConsumer {
    private final String topic;

    DeliveringConsumer(Endpoint endpoint, Processor processor, String topic) {
      super(endpoint, processor);
      this.topic = topic;
    }

    void deliver(String from, byte[] payload, Map<String, Object> headers) {
      Exchange exchange = createExchange(true);
      Message message = exchange.getMessage();
      message.setBody(payload);
      message.setHeader(PahoMqtt5Constants.MQTT_TOPIC, from);
      message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, false);
      message.setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, new MqttProperties());
      message.setHeaders(merged(message.getHeaders(), headers));
      getAsyncProcessor().process(exchange, defaultConsumerCallback(exchange, true));
    }

    private static Map<String, Object> merged(
        Map<String, Object> defaults, Map<String, Object> others) {
      Map<String, Object> merged = new HashMap<>(defaults);
      merged.putAll(others);
      return merged;
    }

    @Override
    protected void doStart() throws Exception {
      super.doStart();
      subscribers.put(topic, this);
    }

    @Override
    protected void doStop() throws Exception {
      subscribers.remove(topic);
      super.doStop();
    }
  }
}
