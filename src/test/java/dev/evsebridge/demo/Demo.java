package dev.evsebridge.demo;

import dev.evsebridge.app.Bridge;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.testkit.EmbeddedBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;

/**
 * Shows the bridge at work: an MQTT broker, the bridge with five simulated chargers that differ,
 * and a controller that prints what passes. The bridge ends at Ctrl-C as it does on its own, and
 * the demo with it.
 */
public final class Demo {
  private static final int USUAL_MQTT_PORT = 1883;
  private static final int USUAL_EVSE_PORT = 9091;
  private static final int CHARGERS = 5;

  private Demo() {}

  public static void main(String... args) throws Exception {
    System.setProperty("log4j2.configurationFile", "log4j2-demo.properties");
    int evsePort = freePortLike(USUAL_EVSE_PORT);
    try (EmbeddedBroker broker = new EmbeddedBroker(freePortLike(USUAL_MQTT_PORT));
        Controller controller = new Controller(broker, new ReadingWords(calibration()))) {
      System.out.printf(
          """

          An MQTT broker, the bridge and %d simulated chargers, in one process.
            MQTT broker   %s%s
            chargers      port %d%s
            charger 1     cars on three phases
            charger 2     cars on one phase
            charger 3     cars that are soon full
            charger 4     a weak Wi-Fi
            charger 5     a pilot line that is faulty now and then
          Cars plug in within half a minute and ask for power once they are offered current.
          Each charger is asked for a reading every 5 seconds; these requests are not shown.
          Ctrl-C ends the demo.

          """,
          CHARGERS,
          broker.url(),
          unless(USUAL_MQTT_PORT, broker.port()),
          evsePort,
          unless(USUAL_EVSE_PORT, evsePort));
      controller.start();
      int status =
          Bridge.run(
              "-h",
              broker.url(),
              "-p",
              Integer.toString(evsePort),
              "--simulate",
              Integer.toString(CHARGERS));
      if (status != 0) {
        throw new IllegalStateException("The bridge has ended with status " + status);
      }
    }
  }

  /** What the raw numbers of the chargers mean that the bridge will simulate. */
  private static List<String> calibration() {
    InetSocketAddress nowhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Simulator simulator = new Simulator(nowhere, CHARGERS)) {
      return simulator.chargers().stream()
          .flatMap(charger -> charger.calibrationSettings().stream())
          .toList();
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
