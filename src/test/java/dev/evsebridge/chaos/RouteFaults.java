package dev.evsebridge.chaos;

import static dev.evsebridge.chaos.World.check;
import static dev.evsebridge.testkit.MqttProbe.onTopic;

import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RoutesFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/** What editors and copying tools may do to {@code routes/}, while requests go on. */
final class RouteFaults {
  private static final List<String> DELIVERED =
      List.of(
          "availability.yaml",
          "charger-listener.yaml",
          "charger-state.yaml",
          "charger-to-mqtt.yaml",
          "errors.yaml",
          "mqtt-to-charger.yaml",
          "set-points.yaml");

  /** Editing the listener closes all connections, as it must. */
  private static final List<String> EDITABLE =
      DELIVERED.stream().filter(name -> !name.equals("charger-listener.yaml")).toList();

  private static final List<String> UNUSABLE =
      List.of(
          "[".repeat(20_000),
          "- route: [",
          "- route:\n    id: x\n    from:\n      uri: direct:x\n      stepps: []\n",
          "- route:\n    id: x\n    from:\n      uri: direct:x\n      steps:\n        - to: direct:nobody\n",
          "- route:\n    id: x\n    from:\n      uri: direct:x\n      steps:\n        - to: timer:x\n",
          "- route:\n    id: x\n    from:\n      uri: rest:get:x\n      steps:\n        - to: log:x\n",
          "- route:\n    id: x\n    from:\n      uri: direct:x\n      steps:\n        - to: log:{{no.such}}\n",
          "- route:\n    id: report-error\n    from:\n      uri: direct:other\n      steps:\n        - to: log:x\n",
          "- routeConfiguration:\n    onException:\n      - onException:\n          exception:\n"
              + "            - java.lang.Exception\n          steps:\n            - to: direct:nowhere\n",
          "\u0000\uFFFF not yaml: at: all",
          "- from:\n    uri: direct:charger-to-mqtt\n    steps:\n      - to: log:x\n");

  private RouteFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.harmless("a route file is away for a moment", RouteFaults::away),
        Fault.harmless("a route file is deleted and written again", RouteFaults::writtenAgain),
        Fault.harmless("a route file is edited again and again", RouteFaults::edited),
        Fault.harmless("a route file that can't be used", RouteFaults::unusable),
        Fault.harmless("a route file broken and mended", RouteFaults::brokenAndMended),
        Fault.harmless("a route file with a wrong expression", RouteFaults::wrongExpression),
        Fault.harmless("files that are no route files", RouteFaults::others),
        Fault.harmless("a route to a broker that says nothing", RouteFaults::muteBroker),
        Fault.harmless("a route to a broker that is not there", RouteFaults::noBroker),
        Fault.harmless("a route of one's own that takes its time", RouteFaults::busy));
  }

  private static String any(List<String> of, Random random) {
    return of.get(random.nextInt(of.size()));
  }

  private static void away(World world, Random random) {
    RoutesFolder routes = world.routes();
    String name = any(DELIVERED, random);
    routes.takeAway(name);
    World.pause(Duration.ofMillis(random.nextInt(50, 900)));
    world.assertServes();
    routes.bringBack(name);
    World.pause(Duration.ofSeconds(1));
    world.assertServes();
  }

  private static void writtenAgain(World world, Random random) {
    RoutesFolder routes = world.routes();
    String name = any(DELIVERED, random);
    String text = routes.text(name);
    routes.delete(name);
    World.pause(Duration.ofMillis(random.nextInt(1, 900)));
    routes.write(name, text.substring(0, random.nextInt(text.length())));
    routes.write(name, text);
    World.pause(Duration.ofSeconds(1));
    world.assertServes();
  }

  private static void edited(World world, Random random) {
    RoutesFolder routes = world.routes();
    for (int i = 0; i < 3; i++) {
      String name = any(EDITABLE, random);
      Message unused =
          routes.load(
              name, routes.text(name).replaceAll("(?s)\n- route:\n    id: marker-of.*", "\n"));
      world.assertServes();
    }
    putBack(routes);
  }

  private static void putBack(RoutesFolder routes) {
    routes.putBack();
    Message unused = routes.awaitLookedAt();
    routes.delete("z-marker.yaml");
  }

  private static void unusable(World world, Random random) {
    RoutesFolder routes = world.routes();
    routes.write("a-new.yaml", any(UNUSABLE, random));
    Message unused = routes.awaitLookedAt();
    world.assertServes();
    putBack(routes);
  }

  private static void brokenAndMended(World world, Random random) {
    RoutesFolder routes = world.routes();
    String name = any(EDITABLE, random);
    routes.write(name, routes.text(name) + "\n" + any(UNUSABLE, random));
    Message unused = routes.awaitLookedAt();
    world.assertServes();
    putBack(routes);
    world.assertServes();
  }

  private static void wrongExpression(World world, Random random) {
    RoutesFolder routes = world.routes();
    String name = "charger-to-mqtt.yaml";
    String wrong =
        "        - setProperty:\n            name: x\n            simple: ${body.measurements.pilotVoltag}\n";
    routes.write(
        name, routes.text(name).replace("        - marshal:", wrong + "        - marshal:"));
    Message unused = routes.awaitLookedAt();
    world.assertServes();
    putBack(routes);
  }

  private static void others(World world, Random random) throws IOException {
    RoutesFolder routes = world.routes();
    for (String name :
        List.of("._x.yaml", "x.yml", "x.yaml.swp", "x.yaml~", "notes.txt", ".yaml")) {
      routes.write(name, any(UNUSABLE, random));
    }
    Files.createDirectories(routes.file("folder.yaml"));
    Message unused = routes.awaitLookedAt();
    world.assertServes();
    Files.delete(routes.file("folder.yaml"));
    putBack(routes);
  }

  private static void muteBroker(World world, Random random) throws IOException {
    try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      copyTo(world, "tcp://127.0.0.1:" + mute.getLocalPort());
    }
  }

  private static void noBroker(World world, Random random) {
    copyTo(world, "tcp://127.0.0.1:1");
  }

  /** Messages of chargers are copied to another broker, and the file is edited meanwhile. */
  private static void copyTo(World world, String url) {
    RoutesFolder routes = world.routes();
    for (int version = 1; version <= 2; version++) {
      Message unused =
          routes.load(
              "copies.yaml",
              """
              # version %d
              - route:
                  id: copies
                  from:
                    uri: timer:copies
                    parameters:
                      period: 50
                    steps:
                      - setBody:
                          constant: copy
                      - to:
                          uri: paho-mqtt5:copies
                          parameters:
                            brokerUrl: %s
                            clientId: chaos-copies
              """
                  .formatted(version, url));
      world.assertServes();
    }
    putBack(routes);
  }

  private static void busy(World world, Random random) {
    RoutesFolder routes = world.routes();
    Message loaded =
        routes.load(
            "busy.yaml",
            """
            - route:
                id: busy
                from:
                  uri: timer:busy
                  parameters:
                    period: 100
                  steps:
                    - delay:
                        constant: "2000"
                    - setBody:
                        constant: done
                    - to:
                        uri: paho-mqtt5:{{mqtt.topic_publish}}/busy
            """);
    world.probe().take(onTopic("from_dehneEVSE/busy"));
    world.assertServes();
    String name = any(EDITABLE, random);
    Message edited = routes.load(name, routes.text(name));
    check(edited.number() > loaded.number(), "the order of reloads");
    world.assertServes();
    putBack(routes);
  }
}
