package dev.evsebridge.control;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The errors that are latched, and what it takes to clear them. */
final class Latches {
  private final Set<LatchedError> latched = EnumSet.noneOf(LatchedError.class);

  void restore(ControlMemory memory) {
    latched.addAll(memory.latches());
  }

  /** Latches an error; returns whether it was not latched yet. */
  boolean add(LatchedError error) {
    return latched.add(error);
  }

  void clear(LatchedError error) {
    latched.remove(error);
  }

  /** The car was unplugged; returns whether that has cleared anything. */
  boolean unplugged() {
    return latched.removeIf(LatchedError::clearedByUnplugging);
  }

  boolean contains(LatchedError error) {
    return latched.contains(error);
  }

  boolean isEmpty() {
    return latched.isEmpty();
  }

  /** The gravest first. */
  List<LatchedError> all() {
    return latched.isEmpty() ? List.of() : List.copyOf(latched);
  }

  Set<LatchedError> persistent() {
    Set<LatchedError> persistent = EnumSet.noneOf(LatchedError.class);
    for (LatchedError error : latched) {
      if (error.persistent()) {
        persistent.add(error);
      }
    }
    return persistent;
  }

  /** Why an error must not be reset now, as a sentence; null when it may be. */
  static @Nullable String whyNotReset(
      LatchedError error, Event.@Nullable Reading lastReading, PhaseCalibration current) {
    return switch (error) {
      case CONTACTOR_WELDED -> {
        if (lastReading == null) {
          yield "contactor_welded stays until a reading shows that no current flows.";
        }
        PhaseValues milliamps = current.calibratedOf(lastReading.milliamps());
        if (milliamps.equals(PhaseValues.NONE)) {
          yield "contactor_welded stays: without calibrated sensors nobody knows whether current"
              + " flows.";
        }
        yield milliamps.highest() < Protection.FLOWING_MILLIAMPS
            ? null
            : "contactor_welded stays: current still flows.";
      }
      case CONTACTOR_DISOBEYS ->
          lastReading != null && !lastReading.contactorClosed()
              ? null
              : "contactor_disobeys stays until a reading shows the contactor open.";
      case FOREIGN_CONTROL, OVERCURRENT, PILOT_FAULT -> null;
    };
  }
}
