package dev.evsebridge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JacksonException;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.runtime.Counts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorReportsTest {
  private final RequestFailedException busy =
      new RequestFailedException(ErrorCode.BUSY, "It is busy.");

  private final Counts counts = new Counts(Set.of("request_ping"));
  private final List<String> refused = new ArrayList<>();
  private final ErrorReports reports =
      new ErrorReports(
          counts, (clientId, code, detail) -> refused.add(clientId + " " + code + " " + detail));
  private final Exchange exchange = RequestReading.exchange();

  @Test
  void namesChargerAndRequestWhereTheyAreKnown() {
    RequestContext context = new RequestContext(false);
    context.keepIn(exchange);
    context.identify("c", "request_ping", exchange);
    caught(busy);

    assertEquals(
        new ErrorMessage("c", "request_ping", "busy", "It is busy."),
        reports.requestFailed(exchange));
  }

  @Test
  void countsErrorsByTypeAndCode() {
    RequestContext context = new RequestContext(false);
    context.keepIn(exchange);
    context.identify("c", "request_ping", exchange);
    caught(busy);
    reports.requestFailed(exchange);
    context.identify("c", "whatever a client makes up", exchange);
    reports.requestFailed(exchange);
    reports.routeFailed(exchange);

    assertEquals(
        Map.of(
            new Counts.Ended("request_ping", "busy"), 1L,
            new Counts.Ended(Counts.OTHER_TYPE, "busy"), 1L,
            new Counts.Ended(Counts.OTHER_TYPE, "route_failed"), 1L),
        counts.requests());
    assertEquals(3, counts.errorsTotal());
  }

  @Test
  void tellsWhoKeepsFirmwareStatusesOfRefusedFirmwareAlone() {
    RequestContext context = new RequestContext(false);
    context.keepIn(exchange);
    caught(busy);
    for (String type : List.of("request_ping", "request_firmware", "set_firmware")) {
      context.identify(type, type, exchange);
      reports.requestFailed(exchange);
    }

    assertEquals(
        List.of("request_firmware BUSY It is busy.", "set_firmware BUSY It is busy."), refused);
  }

  @Test
  void leavesThemOutWhereTheyAreNot() {
    caught(busy);

    assertEquals(
        new ErrorMessage(null, null, "busy", "It is busy."), reports.requestFailed(exchange));
  }

  @Test
  void findsTheFailureBehindWhatCamelMadeOfIt() {
    caught(new CamelExecutionException("wrapped", exchange, busy));

    assertEquals(
        new ErrorMessage(null, null, "busy", "It is busy."), reports.requestFailed(exchange));
  }

  @Test
  void saysWhereTheJsonIsBroken() {
    caught(
        assertThrows(
            JacksonException.class,
            () -> BridgeJson.mapper().readValue("{\n \"a\":x}", Map.class)));

    assertEquals(
        new ErrorMessage(
            null,
            null,
            "invalid_json",
            "The message must be one JSON object in UTF-8 without duplicate keys (line 2, column"
                + " 7)."),
        reports.notJson(exchange));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[[[[[[[[[[[[[[[[[1 | document nesting depth is 17, and at most 16 is allowed",
        "{\"a\":%s} | number value length is 1001, and at most 1000 is allowed"
      })
  void namesTheLimitThatAMessageExceeds(String json, String limit) {
    caught(
        assertThrows(
            JacksonException.class,
            () -> BridgeJson.mapper().readTree(json.formatted("1".repeat(1001)))));

    ErrorMessage error = reports.notJson(exchange);

    assertEquals("invalid_json", error.error());
    assertTrue(error.detail().contains(limit), error::detail);
  }

  @Test
  void sendsBackOnlyTheBeginningOfWhatIsLong() {
    RequestContext context = new RequestContext(false);
    context.keepIn(exchange);
    context.identify("c".repeat(100_000), "t".repeat(127) + "\uD83D\uDE00", exchange);
    caught(busy);

    assertEquals(
        new ErrorMessage("c".repeat(128) + "…", "t".repeat(127) + "…", "busy", "It is busy."),
        reports.requestFailed(exchange));
    caught(new IllegalStateException());
    assertEquals("c".repeat(128) + "…", reports.routeFailed(exchange).clientId());
  }

  @Test
  void blamesTheRouteForAnyOtherFailureAndKeepsItsDetailsToTheLog() {
    exchange.setProperty(ExchangePropertyKey.FAILURE_ROUTE_ID, "my-route");
    caught(new IllegalStateException("password=hunter2"));

    assertEquals(
        new ErrorMessage(
            null,
            null,
            "route_failed",
            "A step of the bridge's route my-route failed; its log says why."),
        reports.routeFailed(exchange));
  }

  private void caught(Throwable failure) {
    exchange.setProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, failure);
  }
}
