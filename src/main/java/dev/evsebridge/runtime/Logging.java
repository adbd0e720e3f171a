package dev.evsebridge.runtime;

import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.appender.CountingNoOpAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Configurator;
import org.jspecify.annotations.Nullable;

/** Sets up what is logged beyond the log4j2 configuration file, and ends it. */
public final class Logging {

  /** Held, because otherwise the logging manager would forget the level that is set on it. */
  private static final Logger PAHO = Logger.getLogger("org.eclipse.paho.mqttv5");

  private static final String ASYNCHRONOUS = "async";
  private static final String DROPPED = "dropped";
  private static final long FLUSH_SECONDS = 1;

  private static long reportedAsDropped;

  private Logging() {}

  public static void configure(String level) {
    // The MQTT client prints stack traces by itself; what matters of them, the bridge says.
    PAHO.setLevel(Level.OFF);
    Configurator.setLevel("dev.evsebridge", level);
  }

  /** Says how many lines have been dropped since the last time, once there is room again. */
  public static synchronized void reportDropped() {
    Configuration configuration = configuration();
    if (configuration != null
        && configuration.getAppender(DROPPED) instanceof CountingNoOpAppender appender
        && configuration.getAppender(ASYNCHRONOUS) instanceof AsyncAppender queue
        && queue.getQueueRemainingCapacity() > queue.getQueueCapacity() / 2) {
      long dropped = appender.getCount();
      if (dropped > reportedAsDropped) {
        LogManager.getLogger(Logging.class)
            .warn(
                "{} log lines were dropped: they came faster than the output was read",
                dropped - reportedAsDropped);
        reportedAsDropped = dropped;
      }
    }
  }

  /** Writes what is still to be written, as the last step of the process; waits for a second. */
  public static void flush() {
    Configuration configuration = configuration();
    if (configuration != null
        && configuration.getAppender(ASYNCHRONOUS) instanceof AsyncAppender queue) {
      // Not the whole context: closing the console would wait for a write that hangs.
      boolean unused = queue.stop(FLUSH_SECONDS, TimeUnit.SECONDS);
    }
  }

  private static @Nullable Configuration configuration() {
    return LogManager.getContext(false) instanceof LoggerContext context
        ? context.getConfiguration()
        : null;
  }
}
