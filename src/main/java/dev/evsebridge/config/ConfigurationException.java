package dev.evsebridge.config;

/** A setting can't be used. The message is the one line that the operator gets to see. */
public final class ConfigurationException extends Exception {

  private static final long serialVersionUID = 1L;

  /** Takes one line that names the key, the value, its source and what is allowed. */
  public ConfigurationException(String message) {
    super(message);
  }
}
