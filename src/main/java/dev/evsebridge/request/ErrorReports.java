package dev.evsebridge.request;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.runtime.Counts;
import dev.evsebridge.runtime.LogThrottle;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what went wrong on a route into the error that its sender gets to see. */
public final class ErrorReports {

  private static final Logger LOG = LoggerFactory.getLogger(ErrorReports.class);

  private static final Pattern LIMIT =
      Pattern.compile("([A-Z][a-z ]+) \\((\\d+)\\) exceeds the maximum allowed \\((\\d+)");
  private static final int LONGEST_DETAIL_LOGGED = 500;

  private volatile Consumer<ErrorMessage> told = error -> {};
  private final LogThrottle failedRequests = new LogThrottle(20, Duration.ofSeconds(10));
  private final LogThrottle failedRoutes = new LogThrottle(20, Duration.ofSeconds(10));

  private static final Set<String> FIRMWARE_REQUESTS = Set.of("request_firmware", "set_firmware");

  private final Counts counts;
  private final FirmwareRefusals firmwareRefusals;

  /** Is told of requests for firmware that end in an error. */
  @FunctionalInterface
  public interface FirmwareRefusals {
    /** Takes the charger that was meant, and what its sender is told. */
    void refused(String clientId, ErrorCode code, String detail);
  }

  /**
   * Creates the bean.
   *
   * @param counts where requests that end in errors are counted
   * @param firmwareRefusals is told of requests for firmware that end in an error
   */
  public ErrorReports(Counts counts, FirmwareRefusals firmwareRefusals) {
    this.counts = counts;
    this.firmwareRefusals = firmwareRefusals;
  }

  /** Has one told of each error from now on; must not block. */
  public void tell(Consumer<ErrorMessage> listener) {
    told = listener;
  }

  /** A request was refused, or had no response. */
  public ErrorMessage requestFailed(Exchange exchange) {
    RequestFailedException failure = caught(exchange, RequestFailedException.class);
    return report(exchange, failure.code(), failure.detail());
  }

  /** A request was no JSON, or no JSON object. */
  public ErrorMessage notJson(Exchange exchange) {
    JacksonException failure = caught(exchange, JacksonException.class);
    JsonLocation location = failure.getLocation();
    String where =
        location == null
            ? ""
            : " (line %d, column %d)".formatted(location.getLineNr(), location.getColumnNr());
    String limit = failure instanceof StreamConstraintsException ? limit(failure) : null;
    return report(
        exchange,
        ErrorCode.INVALID_JSON,
        limit == null
            ? "The message must be one JSON object in UTF-8 without duplicate keys%s."
                .formatted(where)
            : limit + where + ".");
  }

  /** Jackson names what is too large, how large it is and what is allowed. */
  private static @Nullable String limit(JacksonException failure) {
    Matcher limit = LIMIT.matcher(String.valueOf(failure.getOriginalMessage()));
    return limit.find()
        ? "The message exceeds a limit of its JSON: %s is %s, and at most %s is allowed"
            .formatted(limit.group(1).toLowerCase(Locale.ROOT), limit.group(2), limit.group(3))
        : null;
  }

  /** A step failed that should not: most likely of an edited route. */
  public ErrorMessage routeFailed(Exchange exchange) {
    String where = exchange.getProperty(ExchangePropertyKey.FAILURE_ROUTE_ID, String.class);
    Throwable failure = caught(exchange, Throwable.class);
    String message = failure.getMessage();
    String reason = message == null ? failure.getClass().getSimpleName() : message;
    failedRoutes.log(
        suffix -> {
          LOG.error("Route {} failed: {}{}", where, Echo.printable(firstLine(reason), 300), suffix);
          LOG.debug("Route {} failed", where, failure);
        });
    RequestContext context = RequestContext.find(exchange);
    count(context, ErrorCode.ROUTE_FAILED);
    return told(
        new ErrorMessage(
            context == null ? null : sentBack(context.clientId()),
            context == null ? null : sentBack(context.requestType()),
            ErrorCode.ROUTE_FAILED.code(),
            "A step of the bridge's route %s failed; its log says why.".formatted(where)));
  }

  private ErrorMessage told(ErrorMessage error) {
    told.accept(error);
    return error;
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  private static <T extends Throwable> T caught(Exchange exchange, Class<T> type) {
    Throwable failure = exchange.getProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, Throwable.class);
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
    }
    throw new IllegalStateException("no " + type.getSimpleName() + " was caught", failure);
  }

  private ErrorMessage report(Exchange exchange, ErrorCode code, String detail) {
    RequestContext context = RequestContext.find(exchange);
    String clientId = context == null ? null : context.clientId();
    String requestType = context == null ? null : context.requestType();
    count(context, code);
    if (clientId != null && requestType != null && FIRMWARE_REQUESTS.contains(requestType)) {
      firmwareRefusals.refused(clientId, code, detail);
    }
    failedRequests.log(
        suffix ->
            LOG.warn(
                "{} for {} failed: {}: {}{}",
                requestType == null ? "Request" : Echo.printable(requestType, 64),
                clientId == null ? "an unknown charger" : Echo.printable(clientId, 64),
                code.code(),
                Echo.printable(detail, LONGEST_DETAIL_LOGGED),
                suffix));
    return told(new ErrorMessage(sentBack(clientId), sentBack(requestType), code.code(), detail));
  }

  /** Routes fail on what chargers say as well; that is no request. */
  private void count(@Nullable RequestContext context, ErrorCode code) {
    if (context == null) {
      counts.error();
    } else {
      String type = context.requestType();
      counts.requestFailed(type == null ? Counts.OTHER_TYPE : type, code.code());
    }
  }

  private static @Nullable String sentBack(@Nullable String text) {
    return text == null ? null : Echo.sentBack(text);
  }
}
