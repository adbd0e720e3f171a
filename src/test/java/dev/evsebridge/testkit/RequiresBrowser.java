package dev.evsebridge.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests of a class where there is no Chromium, or nothing to drive it with. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresBrowser.Condition.class)
public @interface RequiresBrowser {
  /** Looks for the programs. */
  class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Browser.isInstalled()
          ? ConditionEvaluationResult.enabled("chromium and chromedriver are installed")
          : ConditionEvaluationResult.disabled(
              "chromium and chromedriver (Debian: chromium, chromium-driver) are not installed");
    }
  }
}
