package dev.evsebridge.mqtt;

import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Endpoint;
import org.apache.camel.model.EndpointRequiredDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.jspecify.annotations.Nullable;

/** Finds the routes that an endpoint is used in: that is what people who edit routes know it by. */
final class UsingRoutes {

  private UsingRoutes() {}

  /** Returns the topic with the ids of the routes that use it. */
  static String of(PahoMqtt5Endpoint endpoint) {
    Set<String> ids = new TreeSet<>();
    for (RouteDefinition route :
        ((ModelCamelContext) endpoint.getCamelContext()).getRouteDefinitions()) {
      if (uses(route, endpoint)) {
        ids.add(route.getRouteId());
      }
    }
    return ids.isEmpty()
        ? "topic " + endpoint.getTopic()
        : "topic %s, route %s".formatted(endpoint.getTopic(), String.join(", ", ids));
  }

  private static boolean uses(RouteDefinition route, Endpoint endpoint) {
    if (is(endpoint, route.getInput().getEndpointUri())) {
      return true;
    }
    for (ProcessorDefinition<?> step :
        ProcessorDefinitionHelper.filterTypeInOutputs(
            route.getOutputs(), ProcessorDefinition.class)) {
      if (step instanceof EndpointRequiredDefinition send && is(endpoint, send.getEndpointUri())) {
        return true;
      }
    }
    return false;
  }

  private static boolean is(Endpoint endpoint, @Nullable String uri) {
    CamelContext context = endpoint.getCamelContext();
    try {
      return uri != null
          && endpoint.equals(context.hasEndpoint(context.resolvePropertyPlaceholders(uri)));
    } catch (RuntimeException e) {
      // A name that only another message can tell.
      return false;
    }
  }
}
