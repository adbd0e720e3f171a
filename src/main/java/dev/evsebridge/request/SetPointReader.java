package dev.evsebridge.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SetPointRequest;
import dev.evsebridge.message.SetPointRequest.InstallFirmware;
import dev.evsebridge.message.SetPointRequest.Reset;
import dev.evsebridge.message.SetPointRequest.SetPoints;
import dev.evsebridge.message.SignOfLife;
import dev.evsebridge.runtime.Counts;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.support.SynchronizationAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Makes checked set-points of messages on the topics below {@code <client_id>/set}. Whatever is
 * wrong ends in a {@link RequestFailedException} that says what is allowed; of a message with two
 * values either both are taken or none.
 */
public final class SetPointReader {

  private static final Pattern SET = Pattern.compile("([^/]+)/set(?:/(.*))?");
  private static final Pattern DECIMAL = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");
  private static final BigDecimal LEAST_AMPS = BigDecimal.valueOf(SetPoints.LEAST_DECIAMPS, 1);
  private static final BigDecimal MOST_AMPS = BigDecimal.valueOf(SetPoints.MOST_DECIAMPS, 1);
  private static final String LIMIT_ALLOWED = "a number: 0, or 6.0 to 80.0 (ampere)";

  private final String subscribeTopic;
  private final Counts counts;
  private final ObjectReader json =
      BridgeJson.mapper()
          .readerFor(Map.class)
          .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  /**
   * Creates the reader.
   *
   * @param subscribeTopic the root that the topics lie below
   * @param counts where set-points that are taken are counted
   */
  public SetPointReader(String subscribeTopic, Counts counts) {
    this.subscribeTopic = subscribeTopic;
    this.counts = counts;
  }

  /**
   * Reads a message that {@code requests.admit} has admitted: the topic says which charger and
   * which set-point.
   *
   * @throws JsonProcessingException when the payload of {@code set} is no JSON object
   */
  public SetPointRequest read(Exchange exchange) throws IOException {
    Matcher topic = SET.matcher(below(exchange));
    if (!topic.matches()) {
      throw new RequestFailedException(
          ErrorCode.UNKNOWN_MESSAGE_TYPE, "There is no such set-point topic.");
    }
    String clientId = topic.group(1);
    String key = topic.group(2);
    RequestContext context = RequestContext.of(exchange);
    String type = requestType(key);
    context.identify(clientId, type, exchange);
    exchange
        .getExchangeExtension()
        .addOnCompletion(
            new SynchronizationAdapter() {
              @Override
              public void onComplete(Exchange done) {
                if (done.getProperty(ExchangePropertyKey.EXCEPTION_CAUGHT) == null) {
                  counts.requestDone(type);
                }
              }
            });
    refuseStored(context);
    if (exchange.getProperty(Deadline.PROPERTY, Deadline.NONE, Deadline.class).passed()) {
      throw new RequestFailedException(
          ErrorCode.TIMEOUT, "The message expired before it was read; it was not taken.");
    }
    byte[] payload = exchange.getMessage().getBody(byte[].class);
    if (payload == null || payload.length == 0) {
      throw new RequestFailedException(ErrorCode.INVALID_VALUE, "The message is empty.");
    }
    return key == null ? fromJson(clientId, payload) : single(clientId, key, text(payload));
  }

  /**
   * Reads a sign of life of whoever controls one charger, or all: the topic says whose it is, the
   * payload says nothing.
   *
   * @throws RequestFailedException when it was stored: nobody may be alive any more
   */
  public SignOfLife signOfLife(Exchange exchange) {
    String topic = below(exchange);
    String clientId =
        topic.endsWith("/alive") ? topic.substring(0, topic.length() - "/alive".length()) : null;
    RequestContext context = RequestContext.of(exchange);
    context.identify(clientId, "alive", exchange);
    refuseStored(context);
    return new SignOfLife(clientId);
  }

  private static void refuseStored(RequestContext context) {
    if (context.isRetained()) {
      throw new RequestFailedException(
          ErrorCode.RETAINED_REQUEST,
          "The message was stored as a retained message; such messages are never taken. Send it without the retain flag.");
    }
  }

  private String below(Exchange exchange) {
    String topic = exchange.getMessage().getHeader(PahoMqtt5Constants.MQTT_TOPIC, "", String.class);
    String root = subscribeTopic + "/";
    return topic.startsWith(root) ? topic.substring(root.length()) : "";
  }

  private static String requestType(@Nullable String key) {
    return key == null ? "set" : "set_" + key;
  }

  private static String text(byte[] payload) {
    return new String(payload, StandardCharsets.UTF_8).strip();
  }

  private SetPoints fromJson(String clientId, byte[] payload) throws IOException {
    Map<?, ?> object = json.readValue(payload);
    if (object == null) {
      throw new RequestFailedException(
          ErrorCode.INVALID_JSON, "The message must be a JSON object, but it is null.");
    }
    boolean hasEnabled = object.containsKey("enabled");
    boolean hasLimit = object.containsKey("limit_amps");
    if (!hasEnabled && !hasLimit) {
      throw new RequestFailedException(
          ErrorCode.MISSING_FIELD, "enabled or limit_amps must be given.");
    }
    return new SetPoints(
        clientId,
        hasEnabled ? enabled(object.get("enabled")) : null,
        hasLimit ? deciamps(object.get("limit_amps")) : null);
  }

  private static boolean enabled(@Nullable Object value) {
    if (value instanceof Boolean enabled) {
      return enabled;
    }
    throw invalid("enabled", "true or false");
  }

  private static int deciamps(@Nullable Object value) {
    if (value instanceof Number number) {
      return deciamps(new BigDecimal(number.toString()));
    }
    throw invalid("limit_amps", LIMIT_ALLOWED);
  }

  /** What cannot be offered exactly is rounded down: a limit may guard a fuse. */
  private static int deciamps(BigDecimal amps) {
    boolean inRange = amps.compareTo(LEAST_AMPS) >= 0 && amps.compareTo(MOST_AMPS) <= 0;
    if (amps.signum() != 0 && !inRange) {
      throw invalid("limit_amps", LIMIT_ALLOWED);
    }
    return amps.movePointRight(1).setScale(0, RoundingMode.DOWN).intValueExact();
  }

  private static SetPointRequest single(String clientId, String key, String value) {
    return switch (key) {
      case "enabled" -> new SetPoints(clientId, switched(value), null);
      case "limit_amps" -> new SetPoints(clientId, null, amps(value));
      case "reset" -> new Reset(clientId, value);
      case "firmware" -> {
        if (!value.equals("install")) {
          throw invalid("The message", "install");
        }
        yield new InstallFirmware(clientId);
      }
      default ->
          throw new RequestFailedException(
              ErrorCode.UNKNOWN_MESSAGE_TYPE,
              "There is no such set-point; known are set, set/enabled, set/limit_amps, set/reset and set/firmware.");
    };
  }

  private static boolean switched(String value) {
    return switch (value) {
      case "true", "1", "ON", "on" -> true;
      case "false", "0", "OFF", "off" -> false;
      default -> throw invalid("enabled", "true, false, 1, 0, ON, OFF, on or off");
    };
  }

  private static int amps(String value) {
    if (!DECIMAL.matcher(value).matches()) {
      throw invalid("limit_amps", LIMIT_ALLOWED);
    }
    return deciamps(new BigDecimal(value));
  }

  private static RequestFailedException invalid(String key, String allowed) {
    return new RequestFailedException(
        ErrorCode.INVALID_VALUE, "%s must be %s.".formatted(key, allowed));
  }
}
