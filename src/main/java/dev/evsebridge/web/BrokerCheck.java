package dev.evsebridge.web;

import dev.evsebridge.control.FailSafe;
import dev.evsebridge.mqtt.BrokerListener;
import java.time.Duration;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Whether the broker is connected, or has been away for less than the grace. Camel's own checks say
 * UP while the broker is gone.
 */
final class BrokerCheck extends AbstractHealthCheck implements BrokerListener {

  static final String ID = "broker";

  private final FailSafe failSafe;
  private final long graceNanos;
  private volatile long awaySinceNanos;
  private volatile boolean everConnected;
  private volatile long losses;

  BrokerCheck(FailSafe failSafe, Duration grace) {
    super("evse-bridge", ID);
    this.failSafe = failSafe;
    this.graceNanos = grace.toNanos();
  }

  @Override
  public void brokerConnected() {
    everConnected = true;
  }

  /** How often the broker was lost since the start. */
  long losses() {
    return losses;
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // Only one thread tells.
  public void brokerLost() {
    losses++;
    awaySinceNanos = System.nanoTime();
  }

  @Override
  public boolean isLiveness() {
    return false;
  }

  /** Whether the broker has been away for longer than the grace, or was never there. */
  boolean isAwayForLong() {
    return !failSafe.isBrokerConnected()
        && (!everConnected || System.nanoTime() - awaySinceNanos >= graceNanos);
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    if (isAwayForLong()) {
      builder.message("The broker is away").down();
    } else {
      if (!failSafe.isBrokerConnected()) {
        builder.message("The broker is away, for less than bridge.broker_loss_grace");
      }
      builder.up();
    }
  }
}
