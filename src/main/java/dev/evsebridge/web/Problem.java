package dev.evsebridge.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.message.ErrorMessage;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;

/** What is answered to a request that is not served: a status, and an error as JSON. */
enum Problem {
  MALFORMED(
      400, "The request is malformed: its address, or a header that is missing or there twice."),
  NOT_FOUND(404, "There is nothing here."),
  METHOD(405, "This can't be done here."),
  TOO_LARGE(413, "The request is too large: at most 262144 bytes are allowed."),
  CONTENT_TYPE(415, "The request must have the Content-Type application/json."),
  HOST(
      421,
      "This host name is not answered: the one in the address must stand in web.host_names, or be web.address or localhost."),
  ORIGIN(403, "Requests are taken only from the bridge's own page: the Origin must be its own."),
  LOGIN(401, "User name and password are needed (web.username, web.password)."),
  READ_ONLY(403, "Nothing can be switched here (web.read_only)."),
  TOO_MANY_STREAMS(503, "Too many event streams are open."),
  TOO_MANY_REQUESTS(503, "Too many requests are under way."),
  FAULT(500, "The bridge could not answer; its log says why.");

  private static final long CLOSE_MILLIS = 1_000;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final int status;
  private final String detail;

  Problem(int status, String detail) {
    this.status = status;
    this.detail = detail;
  }

  /** The problem of a status that the server itself has come to. */
  static Problem of(int status) {
    return switch (status) {
      case 404 -> NOT_FOUND;
      case 413 -> TOO_LARGE;
      default -> status < FAULT.status ? MALFORMED : FAULT;
    };
  }

  private String code() {
    return switch (this) {
      case MALFORMED -> "malformed";
      case NOT_FOUND -> "not_found";
      case METHOD -> "wrong_method";
      case TOO_LARGE -> "too_large";
      case CONTENT_TYPE -> "wrong_content_type";
      case HOST -> "wrong_host";
      case ORIGIN -> "wrong_origin";
      case LOGIN -> "login_needed";
      case READ_ONLY -> "read_only";
      case TOO_MANY_STREAMS -> "too_many_streams";
      case TOO_MANY_REQUESTS -> "too_many_requests";
      case FAULT -> "fault";
    };
  }

  /** Ends the request with it. */
  void answer(RoutingContext ctx) {
    if (ctx.response().ended()) {
      return;
    }
    try {
      ctx.response()
          .setStatusCode(status)
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .putHeader(HttpHeaders.CONNECTION, "close")
          .end(JSON.writeValueAsString(new ErrorMessage(null, null, code(), detail)));
      // Not at once: what it is still sending would be answered by a reset, before it has read
      // this.
      long unused = ctx.vertx().setTimer(CLOSE_MILLIS, timer -> ctx.request().connection().close());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
