package dev.evsebridge.web;

import dev.evsebridge.control.FailSafe;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Whether chargers can connect. */
final class ListenerCheck extends AbstractHealthCheck {

  static final String ID = "listener";

  private final FailSafe failSafe;

  ListenerCheck(FailSafe failSafe) {
    super("evse-bridge", ID);
    this.failSafe = failSafe;
  }

  @Override
  public boolean isLiveness() {
    return false;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    if (failSafe.isListening()) {
      builder.up();
    } else {
      builder.message("Chargers can't connect: the bridge does not listen for them").down();
    }
  }
}
