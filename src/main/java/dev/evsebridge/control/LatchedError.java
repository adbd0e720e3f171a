package dev.evsebridge.control;

import java.util.Locale;
import java.util.Optional;

/**
 * Errors that stay until they are cleared, the gravest first. None of them ever closes anything.
 */
public enum LatchedError {
  CONTACTOR_WELDED(Why.CONTACTOR_WELDED, true, false),
  CONTACTOR_DISOBEYS(Why.CONTACTOR_DISOBEYS, true, false),
  FOREIGN_CONTROL(Why.FOREIGN_CONTROL, false, false),
  OVERCURRENT(Why.OVERCURRENT, false, true),
  PILOT_FAULT(Why.PILOT_FAULT, false, true);

  private final Why why;
  private final boolean persistent;
  private final boolean clearedByUnplugging;

  LatchedError(Why why, boolean persistent, boolean clearedByUnplugging) {
    this.why = why;
    this.persistent = persistent;
    this.clearedByUnplugging = clearedByUnplugging;
  }

  /** The error of a published code. */
  public static Optional<LatchedError> ofCode(String code) {
    for (LatchedError error : values()) {
      if (error.code().equals(code)) {
        return Optional.of(error);
      }
    }
    return Optional.empty();
  }

  /** As published, for instance {@code contactor_welded}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The reason that it gives for not charging. */
  public Why why() {
    return why;
  }

  /** Whether it outlives a restart of the bridge. */
  public boolean persistent() {
    return persistent;
  }

  boolean clearedByUnplugging() {
    return clearedByUnplugging;
  }
}
