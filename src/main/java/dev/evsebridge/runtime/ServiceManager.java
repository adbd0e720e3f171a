package dev.evsebridge.runtime;

import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how the service is, as described in sd_notify(3), when the environment names its
 * socket. Otherwise nothing happens.
 *
 * <p>Java has no datagrams over Unix sockets. A native library for each processor would make the
 * jar a quarter of a megabyte larger for everybody; systemd brings the program {@code
 * systemd-notify}. As a process of its own it is heard only with {@code NotifyAccess=all}.
 */
public final class ServiceManager {

  private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);

  private static final String SOCKET = "NOTIFY_SOCKET";
  private static final String WATCHDOG_PERIOD = "WATCHDOG_USEC";
  private static final long PATIENCE_SECONDS = 5;

  private final String socket;
  private final String watchdogMicros;
  private final LogThrottle failures = new LogThrottle(1, Duration.ofMinutes(10));

  /** Creates it for the service manager that the environment variables name, if they name one. */
  public ServiceManager(Map<String, String> environment) {
    socket = environment.getOrDefault(SOCKET, "");
    watchdogMicros = environment.getOrDefault(WATCHDOG_PERIOD, "");
  }

  /** How often it wants to hear {@link #alive} at least; for ever if it does not ask for it. */
  public Duration watchdogPeriod() {
    try {
      long micros = Long.parseLong(watchdogMicros);
      return micros > 0 && !socket.isEmpty()
          ? Duration.of(micros, ChronoUnit.MICROS)
          : ChronoUnit.FOREVER.getDuration();
    } catch (NumberFormatException e) {
      return ChronoUnit.FOREVER.getDuration();
    }
  }

  /** The start is complete. */
  public void ready(String status) {
    send("READY=1\nSTATUS=" + status);
  }

  /** All is well. */
  public void alive(String status) {
    send("WATCHDOG=1\nSTATUS=" + status);
  }

  /** An orderly stop has begun. */
  public void stopping() {
    send("STOPPING=1\nSTATUS=Stopping");
  }

  private void send(String message) {
    if (socket.isEmpty()) {
      return;
    }
    try {
      callProgram(message);
    } catch (IOException e) {
      failures.log(
          suffix ->
              LOG.warn(
                  "Can't tell systemd how the bridge is, it may be restarted: {}{}",
                  Failures.rootMessage(e),
                  suffix));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void callProgram(String message) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("systemd-notify");
    message.lines().forEach(builder.command()::add);
    builder.environment().put(SOCKET, socket);
    Process program =
        builder
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!program.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      program.destroyForcibly();
      throw new IOException("systemd-notify does not end");
    }
    if (program.exitValue() != 0) {
      throw new IOException("systemd-notify has ended with status " + program.exitValue());
    }
  }
}
