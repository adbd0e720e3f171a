package dev.evsebridge.message;

/** A request that ends in an error. Its sender is told; no stack trace is taken: it is no fault. */
public final class RequestFailedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /**
   * Creates the failure.
   *
   * @param code what went wrong
   * @param detail one plain sentence for the sender
   */
  public RequestFailedException(ErrorCode code, String detail) {
    super(detail, null, false, false);
    this.code = code;
  }

  /** What went wrong. */
  public ErrorCode code() {
    return code;
  }

  /** One plain sentence for the sender. */
  public String detail() {
    return String.valueOf(getMessage());
  }
}
