package dev.evsebridge.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests of a class, visibly, where no libfaketime is installed. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresFaketime.Condition.class)
public @interface RequiresFaketime {
  /** Looks for the library. */
  class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return FalseClock.library()
          .map(path -> ConditionEvaluationResult.enabled("found " + path))
          .orElseGet(
              () ->
                  ConditionEvaluationResult.disabled(
                      "libfaketime (Debian: faketime) is not installed"));
    }
  }
}
