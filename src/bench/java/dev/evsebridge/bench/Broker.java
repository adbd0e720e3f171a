package dev.evsebridge.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A Mosquitto of its own on a free port, with its defaults but for an unlimited queue. */
final class Broker implements AutoCloseable {
  private final Process process;
  private final int port;

  Broker(Path folder, List<String> options) throws IOException {
    port = Ports.free();
    Path configuration =
        Files.writeString(
            folder.resolve("mosquitto.conf"),
            """
            listener %d 127.0.0.1
            allow_anonymous true
            max_queued_messages 0
            log_type error
            log_type warning
            user root
            %s
            """
                .formatted(port, String.join("\n", options)));
    process =
        new ProcessBuilder(executable(), "-c", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("mosquitto.log").toFile())
            .start();
    Ports.awaitListening(port, process, 10);
  }

  int port() {
    return port;
  }

  ProcessFigures figures() {
    return ProcessFigures.of(process);
  }

  @Override
  public void close() {
    Ports.stop(process);
  }

  private static String executable() {
    Path outsideOfUserPath = Path.of("/usr/sbin/mosquitto");
    return Files.isExecutable(outsideOfUserPath) ? outsideOfUserPath.toString() : "mosquitto";
  }
}
