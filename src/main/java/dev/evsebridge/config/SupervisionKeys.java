package dev.evsebridge.config;

import java.time.Duration;
import java.util.Optional;

/**
 * What is set for chargers that are commanded with raw requests, and how the bridge learns that
 * somebody still commands.
 *
 * @param interlock whether the bridge refuses to close, and opens, where no car asks for power
 * @param poll how often the bridge takes readings by itself, 2 s to 8 s; zero for never
 * @param whenControlDies what becomes of the chargers then
 * @param aliveTopic where the control says that it lives, and its last will that it does not
 * @param alivePayload what it says while it lives
 * @param aliveTimeout how long it may be silent, 10 s to 1 h; zero for as long as it likes
 */
public record SupervisionKeys(
    boolean interlock,
    Duration poll,
    WhenControlDies whenControlDies,
    Optional<String> aliveTopic,
    String alivePayload,
    Duration aliveTimeout) {

  /** {@code evse.when_control_dies}. */
  public enum WhenControlDies {
    DISCONNECT,
    OPEN
  }
}
