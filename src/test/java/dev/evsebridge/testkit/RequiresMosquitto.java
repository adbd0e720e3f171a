package dev.evsebridge.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests, visibly, where no Mosquitto is installed. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresMosquitto.Installed.class)
public @interface RequiresMosquitto {

  /** Looks for the program once per test class or method. */
  final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Mosquitto.program()
          .map(path -> ConditionEvaluationResult.enabled("found " + path))
          .orElseGet(
              () ->
                  ConditionEvaluationResult.disabled(
                      "mosquitto is not installed (looked in PATH and /usr/sbin)"));
    }
  }
}
