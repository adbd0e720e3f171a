package dev.evsebridge.control;

import java.util.Locale;

/** Whether the external control lives. */
public enum LifeSign {
  ALIVE,
  SILENT,
  NOT_SUPERVISED;

  /** As published, for instance {@code not_supervised}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
