package dev.evsebridge.runtime;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.appender.CountingNoOpAppender;
import org.apache.logging.log4j.core.appender.OutputStreamAppender;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.jspecify.annotations.Nullable;

/**
 * Sets up what is logged beyond the log4j2 configuration file, and ends it.
 *
 * <p>Lines are written by a thread of their own, several with one system call: nothing may come in
 * the way of the threads that serve chargers and broker, not even an output that nobody reads. What
 * there is no room for is dropped, and counted. Log4j can't be told all that by its file.
 */
public final class Logging {

  /** Held, because otherwise the logging manager would forget the level that is set on it. */
  private static final Logger PAHO = Logger.getLogger("org.eclipse.paho.mqttv5");

  private static final String CONSOLE = "console";
  private static final String OUTPUT = "output";
  private static final String ASYNCHRONOUS = "async";
  private static final String DROPPED = "dropped";
  private static final int MOST_WAITING_LINES = 1024;
  private static final long FLUSH_SECONDS = 1;

  private static long reportedAsDropped;

  private Logging() {}

  public static void configure(String level) {
    // The MQTT client prints stack traces by itself; what matters of them, the bridge says.
    PAHO.setLevel(Level.OFF);
    if (LogManager.getContext(false) instanceof LoggerContext context) {
      queueBeforeConsole(context);
    }
    Configurator.setLevel("dev.evsebridge", level);
  }

  /** Leaves a configuration alone that is not the bridge's own. */
  @SuppressWarnings("unchecked") // the builder is raw, the library declares it so
  static void queueBeforeConsole(LoggerContext context) {
    Configuration configuration = context.getConfiguration();
    if (!(configuration.getAppender(CONSOLE) instanceof ConsoleAppender console)
        || !(configuration.getAppender(DROPPED) instanceof CountingNoOpAppender)
        || configuration.getAppender(ASYNCHRONOUS) != null) {
      return;
    }
    Appender output =
        OutputStreamAppender.newBuilder()
            .setName(OUTPUT)
            .setTarget(new FileOutputStream(FileDescriptor.out))
            .setLayout(console.getLayout())
            .setImmediateFlush(false)
            .build();
    output.start();
    configuration.addAppender(output);
    AsyncAppender queue =
        AsyncAppender.newBuilder()
            .setBlockingQueueFactory(GatheringQueue::new)
            .setName(ASYNCHRONOUS)
            .setBlocking(false)
            .setBufferSize(MOST_WAITING_LINES)
            // The default is to wait for ever.
            .setShutdownTimeout(TimeUnit.SECONDS.toMillis(FLUSH_SECONDS))
            .setErrorRef(DROPPED)
            .setAppenderRefs(new AppenderRef[] {AppenderRef.createAppenderRef(OUTPUT, null, null)})
            .setConfiguration(configuration)
            .build();
    queue.addFilter(console.getFilter());
    queue.start();
    configuration.addAppender(queue);
    LoggerConfig root = configuration.getRootLogger();
    root.addAppender(queue, null, null);
    root.removeAppender(CONSOLE);
    context.updateLoggers();
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
