package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Set;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The configuration of the bridge, in a context beside that of the tests. */
class LoggingTest {

  private LoggerContext context;

  @BeforeEach
  void configure() throws Exception {
    context =
        new LoggerContext(
            "bridge",
            null,
            Objects.requireNonNull(Logging.class.getResource("/log4j2.properties")).toURI());
    context.start();
    Logging.queueBeforeConsole(context);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  /** Camel asks at each step of a route; a filter above all loggers would be asked each time. */
  @Test
  void asksNoFilterWhetherALevelIsOn() {
    assertFalse(context.getConfiguration().hasFilter());
  }

  @Test
  void writesEachLineOnceAndOnAnotherThread() {
    Logging.queueBeforeConsole(context);

    assertEquals(
        Set.of("async"), context.getConfiguration().getRootLogger().getAppenders().keySet());
  }

  /** What Camel says while route files are tried is said in one line elsewhere. */
  @Test
  void keepsTheFilterOfTheConsole() {
    AsyncAppender queue = context.getConfiguration().getAppender("async");

    assertTrue(queue.hasFilter());
  }
}
