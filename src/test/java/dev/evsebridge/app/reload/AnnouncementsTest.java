package dev.evsebridge.app.reload;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.ChargerStateExamples;
import dev.evsebridge.state.LogLine;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AnnouncementsTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final Announcements announcements = new Announcements();
  private final List<String> said = new CopyOnWriteArrayList<>();
  private final CountDownLatch stuck = new CountDownLatch(1);

  @BeforeEach
  void twoRoutesListen() throws Exception {
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:report-error").process(AnnouncementsTest.this::error);
            from("direct:charger-state")
                .process(
                    exchange -> {
                      ChargerState state = exchange.getMessage().getBody(ChargerState.class);
                      said.add(state.clientId() + " " + state.status());
                    });
            from("direct:charger-session")
                .process(exchange -> said.add("session " + exchange.getMessage().getBody()));
            from("direct:charger-log")
                .process(exchange -> said.add(exchange.getMessage().getBody(LogLine.class).text()));
            from("direct:clear-retained")
                .process(exchange -> said.add("clear " + exchange.getMessage().getHeader("topic")));
            from("direct:availability")
                .process(
                    exchange ->
                        said.add(
                            exchange.getMessage().getHeader("clientId")
                                + " "
                                + exchange.getMessage().getBody()));
          }
        });
    context.start();
    announcements.to(context);
  }

  private void error(Exchange exchange) throws InterruptedException {
    String detail = exchange.getMessage().getBody(ErrorMessage.class).detail();
    said.add(detail.substring(0, Math.min(20, detail.length())));
    if (detail.equals("fails")) {
      throw new IllegalStateException(detail);
    }
    if (detail.equals("stuck")) {
      boolean unused = stuck.await(1, TimeUnit.MINUTES);
    }
  }

  @AfterEach
  void stop() {
    stuck.countDown();
    announcements.resume();
    announcements.close();
    context.stop();
  }

  @Test
  void arriveInOrderThoughOneFails() {
    announcements.error(error("fails"));
    announcements.availability("a", "online");
    announcements.error(error("second"));
    announcements.close();
    assertEquals(List.of("fails", "a online", "second"), said);
  }

  @Test
  void waitWhileRoutesAreReloadedAndKeepNobodyWaiting() {
    announcements.pause(LONG);
    announcements.error(error("first"));
    announcements.availability("a", "online");
    assertTrue(announcements.awaitIdle(LONG));
    await().during(Duration.ofMillis(100)).until(said::isEmpty);
    announcements.resume();
    announcements.close();
    assertEquals(List.of("first", "a online"), said);
  }

  @Test
  void areNotIdleWhileARouteHasOneAndGiveItNoOther() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    announcements.error(error("next"));
    announcements.pause(LONG);
    assertFalse(announcements.awaitIdle(Duration.ofMillis(10)));
    stuck.countDown();
    assertTrue(announcements.awaitIdle(LONG));
    await().during(Duration.ofMillis(100)).until(() -> said.equals(List.of("stuck")));
    announcements.resume();
    announcements.close();
    assertEquals(List.of("stuck", "next"), said);
  }

  @Test
  void goOnByThemselvesWhenNobodyResumesThem() {
    announcements.pause(Duration.ofMillis(50));
    announcements.error(error("first"));
    await().untilAsserted(() -> assertEquals(List.of("first"), said));
  }

  @Test
  void ofOneClientOnlyTheLastCounts() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    announcements.availability("a", "online");
    announcements.availability("b", "online");
    announcements.availability("a", "offline");
    stuck.countDown();
    announcements.close();
    assertEquals(List.of("stuck", "a offline", "b online"), said);
  }

  @Test
  void ofOneClientTheNewestStateCountsBesideItsAvailability() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    announcements.availability("a", "online");
    announcements.state("a", state("a", true));
    announcements.state("b", state("b", true));
    announcements.state("a", state("a", false));
    stuck.countDown();
    announcements.close();
    assertEquals(List.of("stuck", "a online", "a F", "b C"), said);
  }

  @Test
  void clearTopicsAfterWhatWasSaidOfThem() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    announcements.state("a", state("a", true));
    announcements.clear("root/a/state");
    announcements.clear("root/a/session");
    stuck.countDown();
    announcements.close();
    assertEquals(List.of("stuck", "a C", "clear root/a/state", "clear root/a/session"), said);
  }

  private static ChargerState state(String clientId, boolean connected) {
    return ChargerStateExamples.state(clientId, "01".repeat(16), connected);
  }

  @Test
  void areDroppedWhenTooManyErrorsWait() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    for (int i = 0; i < 10_001; i++) {
      announcements.error(error("x"));
    }
    announcements.availability("a", "online");
    stuck.countDown();
    // The last one: whoever stops does not wait for so many on a busy machine.
    await().until(() -> said.contains("a online"));
    assertEquals(10_000, said.stream().filter("x"::equals).count());
  }

  @Test
  void areDroppedWhenErrorsTakeTooMuchRoom() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    for (int i = 0; i < 100; i++) {
      announcements.error(error("x".repeat(100_000)));
    }
    stuck.countDown();
    announcements.close();
    assertEquals(20, said.stream().filter("x".repeat(20)::equals).count());
  }

  @Test
  void areAllSaidThatBelongToALogButNotWithoutEnd() {
    announcements.error(error("stuck"));
    await().until(() -> said.contains("stuck"));
    for (int i = 0; i < 10_001; i++) {
      announcements.log("a", new LogLine("", null, i == 10_000 ? "too many" : "line"));
    }
    announcements.availability("a", "online");
    stuck.countDown();
    await().until(() -> said.contains("a online"));
    assertEquals(10_000, said.stream().filter("line"::equals).count());
    announcements.log("a", new LogLine("", null, "there is room again"));
    await().until(() -> said.contains("there is room again"));
  }

  private static ErrorMessage error(String detail) {
    return new ErrorMessage(null, null, "protocol_error", detail);
  }
}
