package dev.evsebridge.app.reload;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.camel.model.BeanDefinition;
import org.apache.camel.model.CatchDefinition;
import org.apache.camel.model.ChoiceDefinition;
import org.apache.camel.model.ConvertBodyDefinition;
import org.apache.camel.model.FilterDefinition;
import org.apache.camel.model.FinallyDefinition;
import org.apache.camel.model.LogDefinition;
import org.apache.camel.model.MarshalDefinition;
import org.apache.camel.model.PipelineDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RemoveHeaderDefinition;
import org.apache.camel.model.RemoveHeadersDefinition;
import org.apache.camel.model.RemovePropertiesDefinition;
import org.apache.camel.model.RemovePropertyDefinition;
import org.apache.camel.model.RemoveVariableDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.camel.model.SetBodyDefinition;
import org.apache.camel.model.SetHeaderDefinition;
import org.apache.camel.model.SetHeadersDefinition;
import org.apache.camel.model.SetPropertyDefinition;
import org.apache.camel.model.SetVariableDefinition;
import org.apache.camel.model.SetVariablesDefinition;
import org.apache.camel.model.StepDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.TransformDefinition;
import org.apache.camel.model.TryDefinition;
import org.apache.camel.model.UnmarshalDefinition;
import org.apache.camel.model.WhenDefinition;
import org.apache.camel.model.language.SimpleExpression;
import org.jspecify.annotations.Nullable;

/**
 * What of a route can run on sample messages without anybody noticing: steps that change nothing
 * but the message. What would be sent or logged is only evaluated, and at any other step the route
 * ends.
 */
final class HarmlessSteps {

  /** Of the bridge's own beans, those that only look at the message. */
  private static final Set<String> BEANS = Set.of("requests", "replies", "errorReports");

  private static final String SAMPLE = "sample";

  private static final Set<Class<?>> LEAVES =
      Set.of(
          SetBodyDefinition.class,
          SetHeaderDefinition.class,
          SetHeadersDefinition.class,
          SetPropertyDefinition.class,
          SetVariableDefinition.class,
          SetVariablesDefinition.class,
          RemoveHeaderDefinition.class,
          RemoveHeadersDefinition.class,
          RemovePropertyDefinition.class,
          RemovePropertiesDefinition.class,
          RemoveVariableDefinition.class,
          MarshalDefinition.class,
          UnmarshalDefinition.class,
          ConvertBodyDefinition.class,
          TransformDefinition.class,
          StopDefinition.class);

  private static final Set<Class<?>> BRANCHES =
      Set.of(
          FilterDefinition.class,
          PipelineDefinition.class,
          StepDefinition.class,
          TryDefinition.class,
          CatchDefinition.class,
          FinallyDefinition.class);

  private HarmlessSteps() {}

  /** Replaces whatever is not harmless, at all levels. */
  static void keepOnly(ProcessorDefinition<?> parent) {
    keepOnly(parent.getOutputs(), parent);
  }

  private static void keepOnly(List<ProcessorDefinition<?>> steps, ProcessorDefinition<?> parent) {
    List<ProcessorDefinition<?>> harmless = new ArrayList<>();
    for (ProcessorDefinition<?> step : steps) {
      ProcessorDefinition<?> replaced = replaced(step);
      if (replaced == null) {
        continue;
      }
      replaced.setParent(parent);
      harmless.add(replaced);
      if (replaced instanceof StopDefinition) {
        break;
      }
    }
    steps.clear();
    steps.addAll(harmless);
    if (steps.isEmpty()) {
      // Camel wants at least one.
      ProcessorDefinition<?> nothing = new RemovePropertyDefinition(SAMPLE);
      nothing.setParent(parent);
      steps.add(nothing);
    }
  }

  /** Returns null for a step that can be left out. */
  private static @Nullable ProcessorDefinition<?> replaced(ProcessorDefinition<?> step) {
    if (LEAVES.contains(step.getClass())) {
      return step;
    }
    if (BRANCHES.contains(step.getClass())) {
      keepOnly(step);
      return step;
    }
    if (step instanceof ChoiceDefinition choice) {
      for (WhenDefinition when : choice.getWhenClauses()) {
        keepOnly(when.getOutputs(), choice);
      }
      if (choice.getOtherwise() != null) {
        keepOnly(choice.getOtherwise().getOutputs(), choice);
      }
      return choice;
    }
    if (step instanceof LogDefinition log) {
      return log.getMessage() == null ? null : evaluated(log, log.getMessage());
    }
    if (step instanceof ToDefinition to && String.valueOf(to.getUri()).startsWith("direct:")) {
      return to;
    }
    if (step instanceof ToDynamicDefinition dynamic) {
      return evaluated(dynamic, String.valueOf(dynamic.getUri()));
    }
    if (step instanceof SendDefinition<?>) {
      return null;
    }
    if (step instanceof BeanDefinition bean && isHarmless(bean)) {
      return bean;
    }
    return new StopDefinition();
  }

  private static boolean isHarmless(BeanDefinition bean) {
    String ref = String.valueOf(bean.getRef());
    return BEANS.contains(ref)
        || (ref.equals("sessionRegistry") && "send".equals(bean.getMethod()));
  }

  private static ProcessorDefinition<?> evaluated(ProcessorDefinition<?> step, String text) {
    SetPropertyDefinition evaluating =
        new SetPropertyDefinition(SAMPLE, new SimpleExpression(text));
    evaluating.setLineNumber(step.getLineNumber());
    evaluating.setLocation(step.getLocation());
    return evaluating;
  }
}
