package dev.evsebridge.control;

/** A setting of the charge controller that cannot be used. */
public final class InvalidControlSettingException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;
  private final String allowed;

  InvalidControlSettingException(String key, Object value, String allowed) {
    super("control.%s = %s: %s".formatted(key, value, allowed));
    this.key = key;
    this.allowed = allowed;
  }

  /** The key without {@code control.}, since it may stand below a single charger's table. */
  public String key() {
    return key;
  }

  /** What is allowed, as a sentence without its end: "it must be 6 to 80". */
  public String allowed() {
    return allowed;
  }
}
