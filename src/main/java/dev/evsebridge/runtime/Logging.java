package dev.evsebridge.runtime;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.logging.log4j.core.config.Configurator;

/** Sets up what is logged beyond the log4j2 configuration file. */
public final class Logging {

  /** Held, because otherwise the logging manager would forget the level that is set on it. */
  private static final Logger PAHO = Logger.getLogger("org.eclipse.paho.mqttv5");

  private Logging() {}

  public static void configure(String level) {
    // The MQTT client prints stack traces by itself; what matters of them, the bridge says.
    PAHO.setLevel(Level.OFF);
    Configurator.setLevel("dev.evsebridge", level);
  }
}
