package dev.evsebridge.app.reload;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Why a set of route files can't be used, in one line. */
class RouteProblem extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient @Nullable Path file;
  private final String reason;

  /**
   * Creates the problem.
   *
   * @param file whose fault it is, or null when no single file can be named
   * @param reason begins with the line, where known
   */
  RouteProblem(@Nullable Path file, String reason, @Nullable Throwable cause) {
    super(file == null ? reason : "%s, %s".formatted(file, reason), cause);
    this.file = file;
    this.reason = reason;
  }

  /** The file whose fault it is, where known. */
  @Nullable Path file() {
    return file;
  }

  /** What is wrong, with the line where known. */
  String reason() {
    return reason;
  }
}
