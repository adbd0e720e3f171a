package dev.evsebridge.demo;

import dev.evsebridge.app.Bridge;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.testkit.EmbeddedBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Shows the bridge at work: an MQTT broker, the bridge with its charge controller and five
 * simulated chargers that differ, and a client that prints what passes. The bridge ends at Ctrl-C
 * as it does on its own, and the demo with it.
 */
public final class Demo {
  private static final int USUAL_MQTT_PORT = 1883;
  private static final int USUAL_EVSE_PORT = 9091;
  private static final int USUAL_PAGE_PORT = 8080;
  private static final int CHARGERS = 5;

  private Demo() {}

  public static void main(String... args) throws Exception {
    System.setProperty("log4j2.configurationFile", "log4j2-demo.properties");
    int evsePort = freePortLike(USUAL_EVSE_PORT);
    int pagePort = freePortLike(USUAL_PAGE_PORT);
    Path folder = Files.createTempDirectory("evse-demo");
    try (EmbeddedBroker broker = new EmbeddedBroker(freePortLike(USUAL_MQTT_PORT));
        Controller controller = new Controller(broker)) {
      System.out.printf(
          """

          An MQTT broker, the bridge and %d simulated chargers, in one process.
            MQTT broker   %s%s
            chargers      port %d%s
            page          http://127.0.0.1:%d/
            charger 1     cars on three phases
            charger 2     cars on one phase
            charger 3     cars that are soon full
            charger 4     a weak Wi-Fi
            charger 5     a pilot line that is faulty now and then
          The bridge charges the cars by itself, with 16 A at most: its charge controller is on.
          Cars plug in within half a minute, ask for power some seconds later, and leave after five
          minutes. What a charger does, and why it is not charging, is told when it changes, and of a
          charging car every 15 s. Ctrl-C ends all charges and the demo.

          """,
          CHARGERS,
          broker.url(),
          unless(USUAL_MQTT_PORT, broker.port()),
          evsePort,
          unless(USUAL_EVSE_PORT, evsePort),
          pagePort);
      controller.start();
      int status =
          Bridge.run(
              "-h",
              broker.url(),
              "-p",
              Integer.toString(evsePort),
              "--simulate",
              Integer.toString(CHARGERS),
              "-c",
              configuration(folder, pagePort).toString());
      if (status != 0) {
        throw new IllegalStateException("The bridge has ended with status " + status);
      }
    }
  }

  /** Where everything else is as usual: nobody has to switch charging on. */
  private static Path configuration(Path folder, int pagePort) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("control.mode = on");
    lines.add("control.max_amps = 16");
    lines.add("control.initial_enabled = true");
    lines.add("bridge.log_level = WARN");
    lines.add("web.port = " + pagePort);
    lines.add("bridge.state_dir = " + folder.resolve("state"));
    InetSocketAddress nowhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Simulator simulator = new Simulator(nowhere, CHARGERS)) {
      simulator.chargers().forEach(charger -> lines.addAll(charger.calibrationSettings()));
    }
    return Files.write(folder.resolve("demo.properties"), lines);
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
