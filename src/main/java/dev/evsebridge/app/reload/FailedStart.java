package dev.evsebridge.app.reload;

import dev.evsebridge.config.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the file that kept the routes from starting. */
public final class FailedStart {

  private static final Logger LOG = LoggerFactory.getLogger(FailedStart.class);

  private FailedStart() {}

  /**
   * Tries the files one by one.
   *
   * @return one line with file, line and reason
   */
  public static ConfigurationException explain(
      Path folder, CamelContext context, Supplier<Component> mqttComponent, Exception failure) {
    RouteTrial trial = new RouteTrial(context, mqttComponent);
    try {
      for (Path file : new RouteFolder(folder).stamps().keySet()) {
        String content = Files.readString(file);
        try {
          var unused = trial.load(RouteReload.resource(file, content));
        } catch (Exception e) {
          return new ConfigurationException(
              "%s, %s".formatted(file, RouteFault.describe(content, e)));
        }
      }
    } catch (IOException e) {
      LOG.debug("Could not look at {}", folder, e);
    }
    return new ConfigurationException(
        "The routes in %s could not be started: %s"
            .formatted(folder, RouteFault.describe("", failure)));
  }
}
