package dev.evsebridge.app.reload;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A step sends to a {@code direct:} name that no route takes. */
final class MissingTarget extends RouteProblem {

  private static final long serialVersionUID = 1L;

  private final String target;

  /**
   * Creates the problem.
   *
   * @param file that sends there, or null for the bridge itself
   * @param line of the step, where known
   * @param target as Camel writes it: {@code direct://name}
   */
  MissingTarget(@Nullable Path file, int line, String target) {
    super(file, reason(file, line, target.replace("://", ":")), null);
    this.target = target;
  }

  private static String reason(@Nullable Path file, int line, String target) {
    if (file == null) {
      return "no route takes %s, to which the bridge itself sends".formatted(target);
    }
    String reason = "no route takes " + target;
    return line < 1 ? reason : "line %d: %s".formatted(line, reason);
  }

  /** As Camel writes it: {@code direct://name}. */
  String target() {
    return target;
  }
}
