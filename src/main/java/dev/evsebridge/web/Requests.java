package dev.evsebridge.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.FirmwareListener;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.mqtt.LocalReply;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Requests to chargers: each takes the way of a message from the broker, through the same routes
 * and checks, and is answered with what an MQTT 5 client would get as its reply.
 */
final class Requests implements FirmwareListener {

  private static final int OK = 200;

  /** The default status of a code is that of a fault. */
  private static final Map<String, Integer> STATUSES =
      Map.ofEntries(
          Map.entry(ErrorCode.INVALID_JSON.code(), 400),
          Map.entry(ErrorCode.MISSING_FIELD.code(), 400),
          Map.entry(ErrorCode.INVALID_VALUE.code(), 400),
          Map.entry(ErrorCode.UNKNOWN_MESSAGE_TYPE.code(), 400),
          Map.entry(ErrorCode.RETAINED_REQUEST.code(), 400),
          Map.entry(ErrorCode.CHECKSUM_MISMATCH.code(), 422),
          Map.entry(ErrorCode.NOT_CONNECTED.code(), 404),
          Map.entry(ErrorCode.BUSY.code(), 429),
          Map.entry(ErrorCode.CONTROLLED.code(), 409),
          Map.entry(ErrorCode.NOT_CONTROLLED.code(), 409),
          Map.entry(ErrorCode.INTERLOCK.code(), 409),
          Map.entry(ErrorCode.CONTACTOR_CLOSED.code(), 409),
          Map.entry(ErrorCode.FIRMWARE_REFUSED.code(), 409),
          Map.entry(ErrorCode.NO_IMAGE.code(), 409),
          Map.entry(ErrorCode.DISCONNECTED.code(), 502),
          Map.entry(ErrorCode.TIMEOUT.code(), 504));

  private static final int FAULT = 500;
  private static final String FIRMWARE = "request_firmware";
  private static final Duration MARGIN = Duration.ofSeconds(10);
  private static final Pattern SET_POINT = Pattern.compile("[a-z_]{1,40}");

  private final ObjectMapper json = BridgeJson.mapper();
  private final BrokerConnection broker;
  private final String subscribeTopic;
  private final Duration patience;
  private final Duration firmwarePatience;
  private final boolean readOnly;
  private final Function<String, @Nullable String> elsewhere;
  private final Function<String, @Nullable String> keptElsewhere;
  private final Set<Open> open = ConcurrentHashMap.newKeySet();

  Requests(Sources sources, boolean readOnly) {
    this.broker = sources.broker();
    this.subscribeTopic = broker.settings().subscribeTopic();
    this.readOnly = readOnly;
    this.elsewhere = sources.elsewhere();
    this.keptElsewhere = sources.keptElsewhere();
    SessionLimits limits = sources.limits();
    this.patience = limits.requestTimeout().multipliedBy(limits.requestQueue() + 2L).plus(MARGIN);
    this.firmwarePatience = patience.plus(limits.firmwareTimeout());
  }

  /** Takes a request as on the topic of requests, without its {@code client_id}. */
  void request(RoutingContext ctx) {
    if (readOnly) {
      Problem.READ_ONLY.answer(ctx);
      return;
    }
    byte[] payload = body(ctx);
    String clientId = ctx.pathParam("client_id");
    String type = null;
    try {
      JsonNode request = json.readTree(payload);
      if (request instanceof ObjectNode object) {
        object.put("client_id", clientId);
        type = object.path("message_type").asText();
        payload = json.writeValueAsBytes(object);
      }
    } catch (IOException e) {
      // Passed on as it is: the route says what is wrong with it.
    }
    String other = elsewhere.apply(clientId);
    if (other == null) {
      pass(ctx, new Open(ctx, clientId, FIRMWARE.equals(type)), subscribeTopic, payload);
    } else {
      refuse(ctx, clientId, type, "The charger is connected to the bridge " + other + ".");
    }
  }

  /** Not by the routes, which would tell everybody that no bridge has the charger. */
  private void refuse(RoutingContext ctx, String clientId, @Nullable String type, String detail) {
    new Open(ctx, clientId, false)
        .answer(bytes(new ErrorMessage(clientId, type, ErrorCode.NOT_CONNECTED.code(), detail)));
  }

  /** Takes set-points as on the topic {@code set} of a charger. */
  void set(RoutingContext ctx) {
    setPoint(ctx, "/set", body(ctx));
  }

  /** Takes one as on a topic below that, in JSON: {@code 16} or {@code "all"}. */
  void setOne(RoutingContext ctx) {
    String name = ctx.pathParam("name");
    byte[] payload = body(ctx);
    try {
      JsonNode value = json.readTree(payload);
      if (value != null && value.isValueNode()) {
        payload = value.asText().getBytes(StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      // Passed on as it is: the route says what is wrong with it.
    }
    if (SET_POINT.matcher(name).matches()) {
      setPoint(ctx, "/set/" + name, payload);
    } else {
      Problem.NOT_FOUND.answer(ctx);
    }
  }

  private void setPoint(RoutingContext ctx, String below, byte[] payload) {
    String clientId = ctx.pathParam("client_id");
    String other = keptElsewhere.apply(clientId);
    if (readOnly) {
      Problem.READ_ONLY.answer(ctx);
    } else if (other != null) {
      refuse(ctx, clientId, null, "The bridge " + other + " keeps this charger's set-points.");
    } else if (isPartOfTopic(clientId)) {
      String topic = subscribeTopic + "/" + clientId + below;
      pass(ctx, new Open(ctx, clientId, false), topic, payload);
    } else {
      Problem.NOT_FOUND.answer(ctx);
    }
  }

  private static boolean isPartOfTopic(String clientId) {
    return !clientId.isEmpty()
        && clientId
            .chars()
            .noneMatch(c -> c == '/' || c == '+' || c == '#' || Character.isISOControl(c));
  }

  private static byte[] body(RoutingContext ctx) {
    var buffer = ctx.body().buffer();
    return buffer == null ? new byte[0] : buffer.getBytes();
  }

  private void pass(RoutingContext ctx, Open request, String topic, byte[] payload) {
    open.add(request);
    ctx.response().closeHandler(gone -> open.remove(request));
    long patienceMillis = (request.firmware ? firmwarePatience : patience).toMillis();
    long timer = ctx.vertx().setTimer(patienceMillis, late -> request.answer(tooLate(request)));
    ctx.addEndHandler(ended -> ctx.vertx().cancelTimer(timer));
    // Routes may be being reloaded, and then it waits.
    ctx.vertx()
        .executeBlocking(
            () -> {
              broker.deliver(topic, payload, new LocalReply(request::answer));
              return null;
            },
            false)
        .onFailure(ctx::fail);
  }

  private byte[] tooLate(Open request) {
    return bytes(
        new ErrorMessage(
            request.clientId,
            request.firmware ? FIRMWARE : null,
            ErrorCode.TIMEOUT.code(),
            "The bridge's routes have not answered in time."));
  }

  private byte[] bytes(Object message) {
    try {
      return json.writeValueAsBytes(message);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Firmware has no response; what runs now is said in the message of the new connection. */
  @Override
  public void done(ChargerSession session) {
    answerUploads(
        request ->
            request.clientId.equals(session.clientId())
                || request.clientId.equals(session.serialNumber().hex()),
        bytes(new NewConnection(session.clientId(), session.firmwareVersion())));
  }

  private void answerUploads(Predicate<Open> of, byte[] message) {
    for (Open request : open) {
      if (request.firmware && of.test(request)) {
        request.answer(message);
      }
    }
  }

  /** Not a record: two requests of the same content are two requests. */
  private final class Open {
    private final RoutingContext ctx;
    private final Context context;
    private final String clientId;
    private final boolean firmware;
    private final AtomicBoolean answered = new AtomicBoolean();

    Open(RoutingContext ctx, String clientId, boolean firmware) {
      this.ctx = ctx;
      this.context = ctx.vertx().getOrCreateContext();
      this.clientId = clientId;
      this.firmware = firmware;
    }

    /** From any thread; the first answer counts. */
    void answer(byte[] message) {
      if (answered.compareAndSet(false, true)) {
        open.remove(this);
        context.runOnContext(now -> write(message));
      }
    }

    private void write(byte[] message) {
      if (!ctx.response().closed() && !ctx.response().ended()) {
        ctx.response()
            .setStatusCode(status(message))
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .end(io.vertx.core.buffer.Buffer.buffer(message));
      }
    }

    private int status(byte[] message) {
      try {
        JsonNode answer = json.readTree(message);
        @Nullable String code = answer.path("error").textValue();
        return answer.path("message_type").asText().equals("error") && code != null
            ? STATUSES.getOrDefault(code, FAULT)
            : OK;
      } catch (IOException e) {
        // A route of the user's own has made something else of it.
        return OK;
      }
    }
  }
}
