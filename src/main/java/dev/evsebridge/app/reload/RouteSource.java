package dev.evsebridge.app.reload;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.builder.RouteConfigurationBuilder;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.jspecify.annotations.Nullable;

/** Makes what Camel can add to a context of the text of a route file. */
final class RouteSource {

  private RouteSource() {}

  /**
   * Parses a file; nothing is added yet.
   *
   * @return adds the file's routes and configurations to the context
   */
  static RouteBuilder parse(CamelContext context, Path file, String text) throws Exception {
    if (saysNothing(text)) {
      return new Nothing();
    }
    Resource resource = ResourceHelper.fromString("file:" + file, text);
    Collection<RoutesBuilder> builders =
        PluginHelper.getRoutesLoader(context).findRoutesBuilders(List.of(resource));
    return (RouteBuilder) builders.iterator().next();
  }

  /** All of it may have been commented out. */
  private static boolean saysNothing(String text) {
    return text.lines()
        .map(String::strip)
        .allMatch(line -> line.isEmpty() || line.startsWith("#") || line.equals("---"));
  }

  /** Whether a file without routes is so on purpose, or defines something else. */
  static boolean isEmpty(@Nullable RouteBuilder added, String text) {
    return saysNothing(text)
        || (added != null
            && !(added.getBeans().isEmpty()
                && added.getRouteTemplateCollection().getRouteTemplates().isEmpty()));
  }

  private static final class Nothing extends RouteConfigurationBuilder {
    @Override
    public void configure() {}

    @Override
    public void configuration() {}
  }
}
