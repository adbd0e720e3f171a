package dev.evsebridge.bench;

import dev.evsebridge.testkit.ChildProcess;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.ProcessFigures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A bridge to be measured.
 *
 * @param name in the report
 * @param command the shell command that starts it, in which <code>{mqttPort}</code>, <code>
 *     {evsePort}</code>, <code>{config}</code> (a properties file with {@code mqtt.qos} and the
 *     settings) and <code>{java}</code> are replaced
 * @param settings further lines of that file, in which <code>{webPort}</code> is replaced
 * @param jar it runs in a folder of its own, where it remembers nothing, with the routes of the
 *     checkout in which the jar was built, or with those that the jar carries; null: it runs in the
 *     current folder
 */
record Target(String name, String command, List<String> settings, @Nullable Path jar) {
  static final Path JAR = Path.of("target", "evse-mqtt-bridge.jar");

  private static final int START_SECONDS = 60;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
  private static final long LOOK_EVERY_NANOS = 2_000_000;

  static Target floor(String options) {
    return new Target(
        "floor",
        "{java} %s -cp %s dev.evsebridge.bench.FloorBridge -h tcp://127.0.0.1:{mqttPort} -p {evsePort} -c {config}"
            .formatted(options, System.getProperty("java.class.path")),
        List.of(),
        null);
  }

  /** The bridge in a jar, started as its users start it. */
  static Target jar(String name, Path jar) {
    return new Target(
        name,
        "{java} -jar '%s' -h tcp://127.0.0.1:{mqttPort} -p {evsePort} -c {config}"
            .formatted(jar.toAbsolutePath()),
        List.of(),
        jar.toAbsolutePath());
  }

  Target with(List<String> moreSettings) {
    return new Target(
        name, command, Stream.concat(settings.stream(), moreSettings.stream()).toList(), jar);
  }

  /** Starts the bridge and returns once it listens. */
  Running start(Path output, int mqttPort, int qos, int chargers) throws IOException {
    Path folder = emptyFolder(output, name + "-qos" + qos);
    int webPort = FreePort.find();
    StringBuilder properties = new StringBuilder();
    // Chargers are idle at the end, while what is under way reaches the subscriber.
    properties.append(
        "mqtt.qos=%d%nevse.max_connections=%d%nevse.idle_timeout=10m%n"
            .formatted(qos, Math.max(10_000, chargers)));
    settings.forEach(
        line ->
            properties
                .append(line.replace("{webPort}", Integer.toString(webPort)))
                .append(System.lineSeparator()));
    // Beside its routes, a bridge of any age looks for a file of this name.
    String file = copyRoutes(folder) ? "application.properties" : "bench.properties";
    Path configuration = Files.writeString(folder.resolve(file), properties);
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
            jar != null ? folder : Path.of("").toAbsolutePath(),
            log);
    try {
      awaitListening(evsePort, process);
    } catch (IOException e) {
      process.destroy();
      throw new IOException(name + " " + e.getMessage() + "; see " + log, e);
    }
    return new Running(process, evsePort, webPort, (System.nanoTime() - begin) / 1e9);
  }

  private boolean copyRoutes(Path folder) throws IOException {
    Path routes = jar == null ? null : jar.resolveSibling("../routes").normalize();
    if (routes == null || !Files.isDirectory(routes)) {
      return false;
    }
    Path copies = Files.createDirectory(folder.resolve("routes"));
    try (Stream<Path> files = Files.list(routes)) {
      for (Path each : files.toList()) {
        Files.copy(each, copies.resolve(each.getFileName()));
      }
    }
    return true;
  }

  private static Path emptyFolder(Path output, String name) throws IOException {
    Path folder = output.resolve(name).toAbsolutePath();
    if (Files.exists(folder)) {
      try (Stream<Path> old = Files.walk(folder)) {
        for (Path each : old.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
    return Files.createDirectories(folder);
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
  record Running(ChildProcess process, int port, int webPort, double startSeconds)
      implements AutoCloseable {
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
