package dev.evsebridge.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A bridge to be measured: its name in the report and the shell command that starts it, in which
 * <code>{mqttPort}</code>, <code>{evsePort}</code>, <code>{config}</code> (a properties file with
 * {@code mqtt.qos}) and <code>{java}</code> are replaced.
 */
record Target(String name, String command) {
  static final Target BRIDGE =
      new Target(
          "bridge",
          "{java} -jar target/evse-mqtt-bridge.jar -h tcp://127.0.0.1:{mqttPort} -p {evsePort} -c {config}");

  private static final int START_SECONDS = 60;

  static Target floor(String options) {
    return new Target(
        "floor",
        "{java} %s -cp %s dev.evsebridge.bench.FloorBridge -h tcp://127.0.0.1:{mqttPort} -p {evsePort} -c {config}"
            .formatted(options, System.getProperty("java.class.path")));
  }

  /** Starts the bridge and returns once it listens. */
  Running start(Path folder, int mqttPort, int qos, int chargers) throws IOException {
    Path configuration =
        Files.writeString(
            folder.resolve("bench.properties"),
            // Chargers are idle at the end, while what is under way reaches the subscriber.
            "mqtt.qos=%d%nevse.max_connections=%d%nevse.idle_timeout=10m%n"
                .formatted(qos, Math.max(10_000, chargers)));
    int evsePort = Ports.free();
    String line =
        command
            .replace("{mqttPort}", Integer.toString(mqttPort))
            .replace("{evsePort}", Integer.toString(evsePort))
            .replace("{config}", configuration.toAbsolutePath().toString())
            .replace("{java}", Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Path log = folder.resolve(name + ".log");
    long begin = System.nanoTime();
    Process process =
        new ProcessBuilder(List.of("sh", "-c", line.contains("exec ") ? line : "exec " + line))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      Ports.awaitListening(evsePort, process, START_SECONDS);
    } catch (IOException e) {
      Ports.stop(process);
      throw new IOException(name + " " + e.getMessage() + "; see " + log, e);
    }
    return new Running(process, evsePort, (System.nanoTime() - begin) / 1e9);
  }

  /** A bridge that listens. */
  record Running(Process process, int port, double startSeconds) implements AutoCloseable {
    ProcessFigures figures() {
      return ProcessFigures.of(process);
    }

    @Override
    public void close() {
      Ports.stop(process);
    }
  }
}
