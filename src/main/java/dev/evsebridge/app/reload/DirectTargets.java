package dev.evsebridge.app.reload;

import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.CamelContext;
import org.apache.camel.model.EnrichDefinition;
import org.apache.camel.model.ExpressionNode;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RecipientListDefinition;
import org.apache.camel.model.RoutingSlipDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.jspecify.annotations.Nullable;

/** The {@code direct:} names that a step sends to, as far as they can be known before it runs. */
final class DirectTargets {

  private static final String SCHEME = "direct:";

  private DirectTargets() {}

  /** Returns them as Camel writes them: {@code direct://name}. */
  static Set<String> of(CamelContext context, ProcessorDefinition<?> step) {
    Set<String> targets = new TreeSet<>();
    for (String uri : uris(step)) {
      String resolved = context.resolvePropertyPlaceholders(uri.strip());
      if (resolved.startsWith(SCHEME) && !resolved.contains("failIfNoConsumers=false")) {
        targets.add(asCamelWritesIt(resolved));
      }
    }
    return targets;
  }

  static String asCamelWritesIt(String uri) {
    int options = uri.indexOf('?');
    String name = uri.substring(SCHEME.length(), options < 0 ? uri.length() : options);
    return SCHEME + "//" + (name.startsWith("//") ? name.substring(2) : name);
  }

  private static String[] uris(ProcessorDefinition<?> step) {
    if (step instanceof ToDynamicDefinition dynamic) {
      return constant(dynamic.getUri());
    }
    if (step instanceof SendDefinition<?> send) {
      return constant(send.getEndpointUri());
    }
    if (step instanceof EnrichDefinition
        || step instanceof RecipientListDefinition<?>
        || step instanceof RoutingSlipDefinition<?>) {
      return constant(((ExpressionNode) step).getExpression().getExpression());
    }
    return new String[0];
  }

  /** What an expression will name is known only when a message comes. */
  private static String[] constant(@Nullable String uris) {
    return uris == null || uris.contains("${") || uris.contains("$simple{")
        ? new String[0]
        : uris.split(",");
  }
}
