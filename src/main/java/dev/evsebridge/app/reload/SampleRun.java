package dev.evsebridge.app.reload;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.bean.MethodNotFoundException;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.errorhandler.NoErrorHandlerDefinition;
import org.apache.camel.spi.InterceptStrategy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs routes on one message of each kind, with harmless steps only, to find expressions that name
 * what messages do not have: Camel itself finds that out when the first such message comes.
 */
final class SampleRun {

  private static final Logger LOG = LoggerFactory.getLogger(SampleRun.class);

  /** Routes that send to each other in circles end here. */
  private static final int MOST_STEPS = 200;

  private final DefaultCamelContext context;
  private final SortedMap<Path, RouteText> files;
  private final Set<String> targets;
  private final String requestTopic;
  private final Map<Path, List<RouteDefinition>> routes = new HashMap<>();
  private final Watch watch = new Watch();

  /**
   * Creates the run.
   *
   * @param context not started; its beans must be harmless
   * @param targets the {@code direct:} names that the bridge itself sends to
   * @param requestTopic where requests come from
   */
  SampleRun(
      DefaultCamelContext context,
      SortedMap<Path, RouteText> files,
      Set<String> targets,
      String requestTopic) {
    this.context = context;
    this.files = files;
    this.targets = targets;
    this.requestTopic = requestTopic;
  }

  /**
   * Runs all samples. Whether the files can be used has been found out before: what is wrong with
   * running samples only is not the files' fault.
   *
   * @throws RouteProblem for the first expression that fails
   */
  void run() throws RouteProblem {
    try {
      tryAll();
    } catch (RouteProblem e) {
      throw e;
    } catch (Exception | LinkageError | StackOverflowError e) {
      LOG.debug("Could not try expressions on sample messages", e);
    }
  }

  private void tryAll() throws Exception {
    context.getCamelContextExtension().setErrorHandlerFactory(new NoErrorHandlerDefinition());
    context.getCamelContextExtension().addInterceptStrategy(watch);
    List<Entry> entries = new ArrayList<>();
    for (Path file : files.keySet()) {
      RouteBuilder builder = RouteSource.parse(context, file, files.get(file).text());
      List<RouteDefinition> harmless = builder.configureRoutes(context).getRoutes();
      for (RouteDefinition route : harmless) {
        entries.addAll(entries(route));
        HarmlessSteps.keepOnly(route);
      }
      routes.put(file, harmless);
    }
    for (List<RouteDefinition> each : routes.values()) {
      context.addRouteDefinitions(each);
    }
    context.start();
    targets.forEach(target -> entries.add(new Entry(target, SampleMessages.announcements(target))));
    try (ProducerTemplate template = context.createProducerTemplate()) {
      for (Entry entry : entries) {
        for (SampleMessages.Sample sample : entry.samples()) {
          send(template, entry.uri(), sample);
        }
      }
    }
  }

  private record Entry(String uri, List<SampleMessages.Sample> samples) {}

  /** Where messages come from outside, they come from here instead. */
  private List<Entry> entries(RouteDefinition route) {
    String uri =
        context.resolvePropertyPlaceholders(String.valueOf(route.getInput().getEndpointUri()));
    route.setAutoStartup("true");
    if (uri.startsWith("direct:")) {
      return List.of();
    }
    String own = "direct:sample-of-" + route.getRouteId();
    route.getInput().setUri(own);
    if (uri.startsWith("netty:") && uri.contains("chargerPipeline")) {
      return List.of(new Entry(own, SampleMessages.fromChargers()));
    }
    if (uri.equals("paho-mqtt5:" + requestTopic)) {
      return List.of(new Entry(own, SampleMessages.requests(requestTopic)));
    }
    return List.of();
  }

  private void send(ProducerTemplate template, String uri, SampleMessages.Sample sample)
      throws RouteProblem {
    watch.begin();
    Exchange exchange =
        template.send(
            uri,
            fresh -> {
              fresh.getMessage().setBody(sample.body());
              fresh.getMessage().setHeaders(new HashMap<>(sample.headers()));
            });
    MethodNotFoundException missing = exchange.getException(MethodNotFoundException.class);
    NamedNode step = watch.failed;
    if (missing != null && step != null) {
      throw new RouteProblem(
          fileOf(step),
          "line %d: a message %s has no %s: choose by ${body.messageType} before, or correct the name"
              .formatted(step.getLineNumber(), sample.name(), missing.getMethodName()),
          exchange.getException());
    }
  }

  private @Nullable Path fileOf(NamedNode step) {
    String location = String.valueOf(step.getLocation());
    return files.keySet().stream()
        .filter(file -> location.endsWith(file.toString()))
        .findFirst()
        .orElse(null);
  }

  /** Notes which step has failed first. */
  private static final class Watch implements InterceptStrategy {
    private @Nullable NamedNode failed;
    private int steps;

    void begin() {
      failed = null;
      steps = 0;
    }

    @Override
    public Processor wrapProcessorInInterceptors(
        CamelContext context, NamedNode definition, Processor target, Processor next) {
      return exchange -> {
        steps++;
        if (steps > MOST_STEPS) {
          exchange.setRouteStop(true);
          return;
        }
        try {
          target.process(exchange);
        } catch (Exception e) {
          exchange.setException(e);
        }
        if (exchange.getException() != null && failed == null) {
          failed = definition;
        }
      };
    }
  }
}
