package dev.evsebridge.config;

import java.nio.charset.StandardCharsets;

/** A text that must not appear in any log, message or process list. */
public final class Secret {

  private final String text;

  /** Wraps the text. */
  public Secret(String text) {
    this.text = text;
  }

  /** The text itself as UTF-8, for the one who has to present it. */
  public byte[] reveal() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return "(secret)";
  }
}
