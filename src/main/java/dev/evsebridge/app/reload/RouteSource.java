package dev.evsebridge.app.reload;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/** Makes what Camel can add to a context of the text of a route file. */
final class RouteSource {

  private RouteSource() {}

  /**
   * Parses a file; nothing is added yet.
   *
   * @return adds the file's routes and configurations to the context
   */
  static RoutesBuilder parse(CamelContext context, Path file, String text) throws Exception {
    Resource resource = ResourceHelper.fromString("file:" + file, text);
    Collection<RoutesBuilder> builders =
        PluginHelper.getRoutesLoader(context).findRoutesBuilders(List.of(resource));
    if (builders.size() != 1) {
      throw new IllegalArgumentException("holds no routes");
    }
    return builders.iterator().next();
  }
}
