package dev.evsebridge.control;

import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.HeartbeatFile;
import dev.evsebridge.runtime.Logging;
import dev.evsebridge.runtime.ServiceManager;
import dev.evsebridge.runtime.Watchdog;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says to the outside how the bridge is, as long as it works: to systemd, and in a file for the
 * container's health check. Silence says that it does not.
 */
public final class Health implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Health.class);

  private static final Duration PERIOD = Duration.ofSeconds(5);

  /** Of the time after which systemd would end the service. */
  private static final int PARTS = 3;

  private final FailSafe failSafe;
  private final Watchdog watchdog;
  private final ServiceManager serviceManager;
  private final HeartbeatFile file;
  private final String webPort;
  private final FailStopExecutor executor = new FailStopExecutor("health");
  private @Nullable String lastSlow;

  /**
   * Creates it; nothing is said yet.
   *
   * @param webPort where the health check may ask as well: address and port; empty for nowhere
   */
  public Health(
      FailSafe failSafe,
      Watchdog watchdog,
      ServiceManager serviceManager,
      HeartbeatFile file,
      String webPort) {
    this.failSafe = failSafe;
    this.watchdog = watchdog;
    this.serviceManager = serviceManager;
    this.file = file;
    this.webPort = webPort;
  }

  /** The start is complete; from now on it is said again and again. */
  public void start() {
    Duration asked = serviceManager.watchdogPeriod().dividedBy(PARTS);
    long periodMillis = (asked.compareTo(PERIOD) < 0 ? asked : PERIOD).toMillis();
    executor.execute(() -> serviceManager.ready(status()));
    executor.scheduleWithFixedDelay(this::say, 0, Math.max(1, periodMillis), TimeUnit.MILLISECONDS);
  }

  private void say() {
    String slow = watchdog.slowest();
    if (slow == null) {
      serviceManager.alive(status());
    } else if (!slow.equals(lastSlow)) {
      LOG.warn(
          "The {} has not responded for {} s; the process ends unless it responds within {} s",
          slow,
          Watchdog.SLOW.toSeconds(),
          Watchdog.LIMIT.toSeconds());
    }
    lastSlow = slow;
    Logging.reportDropped();
    file.write(
        "listening=%s\nbroker=%s\nslow=%s\nweb=%s\n"
            .formatted(
                yesOrNo(failSafe.isListening()),
                yesOrNo(failSafe.isBrokerConnected()),
                slow == null ? "" : slow,
                webPort));
  }

  private String status() {
    return failSafe.isListening()
        ? "Listening for chargers"
        : "Not listening for chargers: "
            + (failSafe.isBrokerConnected()
                ? "nobody is known to control them"
                : "the broker is away");
  }

  private static String yesOrNo(boolean is) {
    return is ? "yes" : "no";
  }

  /** The bridge stops in order. */
  @Override
  public void close() {
    executor.shutdownNow();
    serviceManager.stopping();
    file.delete();
  }
}
