package dev.evsebridge.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real HAProxy with the project's {@code deploy/haproxy/haproxy.cfg}: only its port is another
 * one.
 */
public final class Haproxy implements AutoCloseable {
  private static final Path CONFIGURATION =
      Path.of(System.getProperty("basedir", "")).resolve("deploy/haproxy/haproxy.cfg");

  private static final String BIND = "bind :9091";

  private final WorkDirectory directory;
  private final ChildProcess process;
  private final int port;

  private Haproxy(WorkDirectory directory, ChildProcess process, int port) {
    this.directory = directory;
    this.process = process;
    this.port = port;
  }

  /** The installed program, if there is one. */
  public static Optional<Path> program() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.concat(Stream.of(path.split(File.pathSeparator, -1)), Stream.of("/usr/sbin"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, "haproxy"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Returns when it accepts connections. */
  public static Haproxy start(BridgeProcess one, BridgeProcess two) {
    int port = FreePort.find();
    WorkDirectory directory = WorkDirectory.create("haproxy");
    Path configuration = directory.write("haproxy.cfg", configurationWith(port));
    ChildProcess process =
        ChildProcess.start(
            List.of(program().orElseThrow().toString(), "-db", "-f", configuration.toString()),
            Map.of("BRIDGE_ONE", address(one), "BRIDGE_TWO", address(two)),
            directory.path(),
            directory.file("output.log"));
    Patience.until(
        "haproxy accepts connections",
        () -> {
          if (!process.isAlive()) {
            throw new IllegalStateException("haproxy ended:\n" + process.outputText());
          }
          return FreePort.accepts(port);
        });
    return new Haproxy(directory, process, port);
  }

  private static String address(BridgeProcess bridge) {
    return "127.0.0.1:" + bridge.port();
  }

  private static String configurationWith(int port) {
    try {
      String text = Files.readString(CONFIGURATION);
      if (!text.contains(BIND + "\n")) {
        throw new IllegalStateException(CONFIGURATION + " has no line " + BIND);
      }
      return text.replace(BIND + "\n", "bind 127.0.0.1:" + port + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where chargers connect. */
  public int port() {
    return port;
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      process.destroy();
    }
    directory.delete();
  }
}
