package dev.evsebridge.demo;

import dev.evsebridge.app.Bridge;
import dev.evsebridge.testkit.EmbeddedBroker;
import java.io.IOException;
import java.net.ServerSocket;

/**
 * Shows the bridge at work: an MQTT broker, the bridge with two simulated chargers, and a
 * controller that prints what passes. The bridge ends at Ctrl-C as it does on its own, and the demo
 * with it.
 */
public final class Demo {
  private static final int USUAL_MQTT_PORT = 1883;
  private static final int USUAL_EVSE_PORT = 9091;

  private Demo() {}

  public static void main(String... args) throws Exception {
    System.setProperty("log4j2.configurationFile", "log4j2-demo.properties");
    int evsePort = freePortLike(USUAL_EVSE_PORT);
    try (EmbeddedBroker broker = new EmbeddedBroker(freePortLike(USUAL_MQTT_PORT));
        Controller controller = new Controller(broker)) {
      System.out.printf(
          """

          An MQTT broker, the bridge and two simulated chargers, in one process.
            MQTT broker   %s%s
            chargers      port %d%s
          A car plugs in within half a minute and asks for power once it is offered current.
          Ctrl-C ends the demo.

          """,
          broker.url(),
          unless(USUAL_MQTT_PORT, broker.port()),
          evsePort,
          unless(USUAL_EVSE_PORT, evsePort));
      controller.start();
      int status =
          Bridge.run("-h", broker.url(), "-p", Integer.toString(evsePort), "--simulate", "2");
      if (status != 0) {
        throw new IllegalStateException("The bridge has ended with status " + status);
      }
    }
  }

  /** The usual port, or any free one if that is taken. */
  private static int freePortLike(int usualPort) throws IOException {
    try (ServerSocket socket = new ServerSocket(usualPort)) {
      return socket.getLocalPort();
    } catch (IOException taken) {
      try (ServerSocket socket = new ServerSocket(0)) {
        return socket.getLocalPort();
      }
    }
  }

  private static String unless(int usualPort, int port) {
    return port == usualPort ? "" : " (the usual " + usualPort + " is taken)";
  }
}
