package dev.evsebridge.bench;

import dev.evsebridge.testkit.ChildProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.ProcessFigures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

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
  private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
  private static final long LOOK_EVERY_NANOS = 2_000_000;

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
    int evsePort = FreePort.find();
    String line =
        command
            .replace("{mqttPort}", Integer.toString(mqttPort))
            .replace("{evsePort}", Integer.toString(evsePort))
            .replace("{config}", configuration.toAbsolutePath().toString())
            .replace("{java}", Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Path log = folder.resolve(name + ".log");
    long begin = System.nanoTime();
    ChildProcess process =
        ChildProcess.start(
            List.of("sh", "-c", line.contains("exec ") ? line : "exec " + line),
            Map.of(),
            Path.of("").toAbsolutePath(),
            log);
    try {
      awaitListening(evsePort, process);
    } catch (IOException e) {
      process.destroy();
      throw new IOException(name + " " + e.getMessage() + "; see " + log, e);
    }
    return new Running(process, evsePort, (System.nanoTime() - begin) / 1e9);
  }

  /** Looks often, because the start is measured by it. */
  private static void awaitListening(int port, ChildProcess process) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!FreePort.accepts(port)) {
      if (!process.isAlive()) {
        throw new IOException("ended before it listened on port " + port);
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("does not listen on port " + port + " after " + START_SECONDS + " s");
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
  }

  /** A bridge that listens. */
  record Running(ChildProcess process, int port, double startSeconds) implements AutoCloseable {
    ProcessFigures figures() {
      return ProcessFigures.of(process.id());
    }

    @Override
    public void close() {
      process.signal("TERM");
      int unused = process.awaitExit(STOP_LIMIT);
    }
  }
}
