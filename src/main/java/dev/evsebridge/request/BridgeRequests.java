package dev.evsebridge.request;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import java.io.IOException;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.camel.Exchange;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests to the bridge itself: the last level of the topic is the verb, the payload a
 * JSON object or nothing. Whatever is wrong with one is said in its response.
 */
public final class BridgeRequests {

  /** The exchange property that holds the verb. */
  static final String VERB = "verb";

  private static final int SHOWN_CHARACTERS = 40;

  private final RequestReader requests;
  private final Map<String, Verb> verbs;
  private final Map<String, Part> parts;
  private final ObjectReader json = BridgeJson.mapper().readerFor(Map.class);

  /** Something that the bridge can be asked for. */
  @FunctionalInterface
  public interface Verb {
    /**
     * Carries it out; must not block.
     *
     * @param request the JSON object
     * @return ends with what stands under {@code data}, or with a {@link RequestFailedException}
     */
    CompletionStage<Object> carryOut(Map<?, ?> request);
  }

  /** What each of several bridges does about a request to all of them. */
  @FunctionalInterface
  public interface Part {
    /**
     * Does it; must not block, and refuses nothing: another bridge does that.
     *
     * @param request the JSON object
     */
    void carryOut(Map<?, ?> request);
  }

  /**
   * Creates the bean.
   *
   * @param requests admits them
   * @param verbs what the bridge can be asked for, by name
   */
  public BridgeRequests(RequestReader requests, Map<String, Verb> verbs) {
    this(requests, verbs, Map.of());
  }

  /**
   * Creates the bean of one of several bridges.
   *
   * @param requests admits them
   * @param verbs what is responded, by whichever bridge does that
   * @param parts what each of them does, by the same names
   */
  public BridgeRequests(RequestReader requests, Map<String, Verb> verbs, Map<String, Part> parts) {
    this.requests = requests;
    this.verbs = Map.copyOf(verbs);
    this.parts = Map.copyOf(parts);
  }

  /**
   * Carries out the request of a message; no thread waits for that.
   *
   * @return ends with the response, never with an exception
   */
  public CompletionStage<@Nullable BridgeResponse> answer(Exchange exchange) {
    String verb = verb(exchange);
    exchange.setProperty(VERB, verb);
    Object transaction = null;
    try {
      requests.admit(exchange);
      Map<?, ?> request = read(exchange.getMessage().getBody(byte[].class));
      transaction = request.get("transaction");
      refuseStale(exchange);
      Object given = transaction;
      return carryOut(verb, request)
          .handle(
              (data, failure) ->
                  failure == null ? BridgeResponse.ok(data, given) : failed(failure, given));
    } catch (RequestFailedException | IOException e) {
      return CompletableFuture.completedFuture(failed(e, transaction));
    }
  }

  /**
   * Does this bridge's part of a request to all bridges; nothing where it can't be carried out,
   * which is for another bridge to say.
   *
   * @param deadline until when it counts
   */
  public void doPart(String topic, byte[] payload, Deadline deadline) {
    Part part = parts.get(verb(topic));
    if (part == null || requests.isTooLong(payload) || deadline.passed()) {
      return;
    }
    try {
      part.carryOut(read(payload));
    } catch (RequestFailedException | IOException e) {
      // whoever gives the response says what is wrong with it
    }
  }

  private static String verb(Exchange exchange) {
    return verb(exchange.getMessage().getHeader(PahoMqtt5Constants.MQTT_TOPIC, "", String.class));
  }

  private static String verb(String topic) {
    return topic.substring(topic.lastIndexOf('/') + 1);
  }

  private Map<?, ?> read(byte @Nullable [] payload) throws IOException {
    if (payload == null || payload.length == 0) {
      return Map.of();
    }
    Map<?, ?> request = json.readValue(payload);
    if (request == null) {
      throw new RequestFailedException(
          ErrorCode.INVALID_JSON, "The message must be a JSON object, but it is null.");
    }
    return request;
  }

  private static void refuseStale(Exchange exchange) {
    if (RequestContext.of(exchange).isRetained()) {
      throw new RequestFailedException(
          ErrorCode.RETAINED_REQUEST,
          "The request was stored as a retained message; such requests are never carried out. Send"
              + " it without the retain flag.");
    }
    if (exchange.getProperty(Deadline.PROPERTY, Deadline.NONE, Deadline.class).passed()) {
      throw new RequestFailedException(
          ErrorCode.TIMEOUT, "The message expired before it was read; it was not carried out.");
    }
  }

  private CompletionStage<Object> carryOut(String verb, Map<?, ?> request) {
    Verb known = verbs.get(verb);
    if (known == null) {
      throw new RequestFailedException(
          ErrorCode.UNKNOWN_MESSAGE_TYPE,
          "There is no request '%s' to the bridge; known are %s."
              .formatted(
                  Echo.printable(verb, SHOWN_CHARACTERS),
                  String.join(", ", new TreeSet<>(verbs.keySet()))));
    }
    return known.carryOut(request);
  }

  private static BridgeResponse failed(Throwable failure, @Nullable Object transaction) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof RequestFailedException refused) {
      return BridgeResponse.error(refused.code(), refused.detail(), transaction);
    }
    if (cause instanceof JacksonException) {
      return BridgeResponse.error(
          ErrorCode.INVALID_JSON,
          "The message must be one JSON object in UTF-8 without duplicate keys, or empty.",
          transaction);
    }
    throw new CompletionException(cause);
  }
}
