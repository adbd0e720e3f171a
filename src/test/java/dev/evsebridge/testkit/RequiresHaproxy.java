package dev.evsebridge.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests, visibly, where no HAProxy is installed. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresHaproxy.Installed.class)
public @interface RequiresHaproxy {

  /** Looks for the program once per test class or method. */
  final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Haproxy.program()
          .map(path -> ConditionEvaluationResult.enabled("found " + path))
          .orElseGet(
              () ->
                  ConditionEvaluationResult.disabled(
                      "haproxy is not installed (looked in PATH and /usr/sbin)"));
    }
  }
}
