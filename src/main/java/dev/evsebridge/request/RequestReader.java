package dev.evsebridge.request;

import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.message.ChargerRequest.CollectData;
import dev.evsebridge.message.ChargerRequest.Ping;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.RequestFailedException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/**
 * Makes checked requests of what came from MQTT. Whatever is wrong ends in a {@link
 * RequestFailedException} that says which key and what is allowed; nothing is guessed.
 */
public final class RequestReader {

  private static final long CRC32_MAX = 0xFFFF_FFFFL;
  private static final int SHOWN_CHARACTERS = 40;

  private final int maxPayloadBytes;
  private final OwnTopics ownTopics;

  /**
   * Creates the reader.
   *
   * @param maxPayloadBytes the longest request
   * @param ownTopics where no reply may go
   */
  public RequestReader(int maxPayloadBytes, OwnTopics ownTopics) {
    this.maxPayloadBytes = maxPayloadBytes;
    this.ownTopics = ownTopics;
  }

  /**
   * First step: notes where the response goes and until when the request counts; checks its size.
   */
  public void admit(Exchange exchange) {
    Message message = exchange.getMessage();
    MqttProperties properties =
        message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, MqttProperties.class);
    boolean retained =
        message.getHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, false, Boolean.class);
    exchange.setProperty(Deadline.PROPERTY, deadline(exchange, properties));
    RequestContext context = new RequestContext(retained);
    context.keepIn(exchange);
    context.replyTo(ReplyTo.of(properties, ownTopics), exchange);
    byte[] payload = message.getBody(byte[].class);
    if (payload != null && isTooLong(payload)) {
      throw new RequestFailedException(
          ErrorCode.INVALID_JSON,
          "The message has %d bytes, and at most %d are allowed (mqtt.max_payload)."
              .formatted(payload.length, maxPayloadBytes));
    }
  }

  /**
   * It counts from the arrival of the message: the process may have been frozen since, the routes
   * may have been reloaded meanwhile, and a step of the user's own may have taken its time.
   */
  private static Deadline deadline(Exchange exchange, @Nullable MqttProperties properties) {
    Long expirySeconds = properties == null ? null : properties.getMessageExpiryInterval();
    if (expirySeconds == null) {
      return Deadline.NONE;
    }
    Duration expiry = Duration.ofSeconds(expirySeconds);
    Long arrivedAtNanos = exchange.getProperty(Deadline.ARRIVED_AT_NANOS, Long.class);
    return arrivedAtNanos == null ? Deadline.after(expiry) : Deadline.after(expiry, arrivedAtNanos);
  }

  boolean isTooLong(byte[] payload) {
    return payload.length > maxPayloadBytes;
  }

  /** Second step, on the JSON object: notes who is meant; refuses retained requests. */
  public void identify(Exchange exchange) {
    RequestContext context = RequestContext.of(exchange);
    Map<?, ?> json = exchange.getMessage().getBody(Map.class);
    if (json == null) {
      throw new RequestFailedException(
          ErrorCode.INVALID_JSON, "The message must be a JSON object, but it is null.");
    }
    context.identify(
        textOrNull(json.get("client_id")), textOrNull(json.get("message_type")), exchange);
    if (context.isRetained()) {
      throw new RequestFailedException(
          ErrorCode.RETAINED_REQUEST,
          "The request was stored as a retained message; such requests are never carried out. Send"
              + " it without the retain flag.");
    }
    text(json, "message_type");
  }

  /** Reads a ping. */
  public Ping ping(@Body Map<?, ?> json) {
    return new Ping(text(json, "client_id"));
  }

  /** Reads a request for a reading. */
  public CollectData dataCollection(@Body Map<?, ?> json) {
    return new CollectData(text(json, "client_id"));
  }

  /** Reads a command to the contactor. */
  public SetContactorState setContactorState(@Body Map<?, ?> json) {
    String clientId = text(json, "client_id");
    if (required(json, "contactor_state") instanceof Boolean closed) {
      return new SetContactorState(clientId, closed);
    }
    throw invalid("contactor_state", "true or false");
  }

  /** Reads a command to the control pilot. */
  public SetPwmPercent setPwmPercent(@Body Map<?, ?> json) {
    String clientId = text(json, "client_id");
    return new SetPwmPercent(clientId, (int) wholeNumber(json, "pwm_percent", "pwm_percent", 100));
  }

  /** Reads a firmware upload and checks the image. */
  public UploadFirmware firmware(@Body Map<?, ?> json) {
    String clientId = text(json, "client_id");
    if (!(required(json, "firmware") instanceof Map<?, ?> firmware)) {
      throw invalid("firmware", "an object with firmware_data_base64 and firmware_crc32");
    }
    byte[] image = base64(firmware);
    long crc32 = wholeNumber(firmware, "firmware_crc32", "firmware.firmware_crc32", CRC32_MAX);
    if (image.length < 1 || image.length > FirmwareImage.MAX_LENGTH_BYTES) {
      throw new RequestFailedException(
          ErrorCode.INVALID_VALUE,
          "firmware.firmware_data_base64 must hold an image of 1 to %d bytes, but it has %d."
              .formatted(FirmwareImage.MAX_LENGTH_BYTES, image.length));
    }
    long actual = FirmwareImage.crc32Of(image);
    if (actual != crc32) {
      throw new RequestFailedException(
          ErrorCode.CHECKSUM_MISMATCH,
          "firmware.firmware_crc32 is %d, but the CRC-32 of the image is %d."
              .formatted(crc32, actual));
    }
    return new UploadFirmware(clientId, FirmwareImage.of(image));
  }

  private static byte[] base64(Map<?, ?> firmware) {
    String key = "firmware_data_base64";
    String path = "firmware." + key;
    Object value = firmware.get(key);
    if (!firmware.containsKey(key)) {
      throw missing(path);
    }
    if (value instanceof String text) {
      try {
        return Base64.getDecoder().decode(text);
      } catch (IllegalArgumentException e) {
        throw invalid(path, "base64 text");
      }
    }
    throw invalid(path, "base64 text");
  }

  /** Refuses a message_type that is no request. */
  @SuppressWarnings("DoNotCallSuggester") // It is for routes to call.
  public void unknown(@Body Map<?, ?> json) {
    throw new RequestFailedException(
        ErrorCode.UNKNOWN_MESSAGE_TYPE,
        "There is no request '%s'; known are request_ping, request_data_collection, request_set_contactor_state, request_set_pwm_percent and request_firmware."
            .formatted(Echo.printable(text(json, "message_type"), SHOWN_CHARACTERS)));
  }

  private static @Nullable String textOrNull(@Nullable Object value) {
    return value instanceof String text ? text : null;
  }

  private static String text(Map<?, ?> json, String key) {
    if (required(json, key) instanceof String text) {
      return text;
    }
    throw invalid(key, "a text");
  }

  private static long wholeNumber(Map<?, ?> json, String key, String path, long most) {
    if (!json.containsKey(key)) {
      throw missing(path);
    }
    Object value = json.get(key);
    boolean whole =
        value instanceof Integer || value instanceof Long || value instanceof BigInteger;
    if (whole) {
      BigInteger number = new BigInteger(String.valueOf(value));
      if (number.signum() >= 0 && number.compareTo(BigInteger.valueOf(most)) <= 0) {
        return number.longValueExact();
      }
    }
    throw invalid(path, "a whole number, 0 to " + most);
  }

  private static @Nullable Object required(Map<?, ?> json, String key) {
    if (!json.containsKey(key)) {
      throw missing(key);
    }
    return json.get(key);
  }

  private static RequestFailedException missing(String path) {
    return new RequestFailedException(ErrorCode.MISSING_FIELD, path + " is missing.");
  }

  private static RequestFailedException invalid(String path, String allowed) {
    return new RequestFailedException(
        ErrorCode.INVALID_VALUE, "%s must be %s.".formatted(path, allowed));
  }
}
