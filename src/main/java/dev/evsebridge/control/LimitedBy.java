package dev.evsebridge.control;

import java.util.Locale;

/** Which limit holds; at a tie the first. */
public enum LimitedBy {
  CABLE,
  MAX_AMPS,
  FALLBACK,
  OVERCURRENT,
  SIMPLIFIED,
  LIMIT;

  /** As published, for instance {@code max_amps}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
