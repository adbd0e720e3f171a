package dev.evsebridge.app.reload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReloadableDirectTest {
  private final DefaultCamelContext context = new DefaultCamelContext();
  private final ReloadableDirect direct = new ReloadableDirect();

  @BeforeEach
  void start() {
    context.addComponent("direct", direct);
    context.start();
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void failsAtOnceWhenNobodyIsThere() {
    ProducerTemplate template = context.createProducerTemplate();
    CamelExecutionException failure =
        assertTimeoutPreemptively(
            Duration.ofSeconds(10),
            () ->
                assertThrows(
                    CamelExecutionException.class, () -> template.sendBody("direct:x", "body")));
    assertInstanceOf(DirectConsumerNotAvailableException.class, failure.getCause());
  }

  @Test
  void waitsForTheRouteWhileRoutesAreReloaded() throws Exception {
    ProducerTemplate template = context.createProducerTemplate();
    direct.reloading();
    CompletableFuture<Object> answer =
        CompletableFuture.supplyAsync(() -> template.requestBody("direct:x", (Object) "body"));
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:x").setBody(constant("there"));
          }
        });
    assertEquals("there", answer.get(30, TimeUnit.SECONDS));
  }

  @Test
  void waitsNoLongerThanTheReload() {
    ProducerTemplate template = context.createProducerTemplate();
    direct.reloading();
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(() -> template.sendBody("direct:x", "body"));
    direct.reloaded();
    assertThrows(ExecutionException.class, () -> sent.get(30, TimeUnit.SECONDS));
  }
}
