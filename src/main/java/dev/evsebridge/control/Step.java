package dev.evsebridge.control;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What follows from an event.
 *
 * @param commands to be carried out in this order
 * @param status what to tell from now on
 * @param deadlineNanos when to send a {@link Event.Tick} if nothing happens before; always later
 *     than the event
 * @param memoryChanged whether {@link ChargeController#memory} must be stored, before the status is
 *     published
 * @param refusal why a reset or an upload is refused, as a sentence
 */
public record Step(
    List<Command> commands,
    ControlStatus status,
    OptionalLong deadlineNanos,
    boolean memoryChanged,
    Optional<String> refusal) {
  public Step {
    commands = List.copyOf(commands);
  }
}
