package dev.evsebridge.runtime;

/** Reads exceptions of libraries. */
public final class Failures {

  private Failures() {}

  /** The message of the innermost cause: what wraps it mostly repeats it. */
  public static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage() == null ? root : root.getMessage());
  }
}
