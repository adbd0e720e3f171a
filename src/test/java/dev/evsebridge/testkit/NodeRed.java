package dev.evsebridge.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A Node-RED without an editor, fetched with npm into the folder {@code target}. */
public final class NodeRed implements AutoCloseable {
  /** Runs on Node 18 and later. */
  private static final String VERSION = "4.1.15";

  private static final Duration INSTALL_LIMIT = Duration.ofMinutes(4);

  private static final String SETTINGS =
      """
      module.exports = {
        flowFile: 'flows.json',
        uiHost: '127.0.0.1',
        uiPort: %d,
        httpAdminRoot: false,
        httpNodeRoot: false,
        credentialSecret: false,
        telemetry: { enabled: false },
        logging: { console: { level: 'info', metrics: false, audit: false } }
      };
      """;

  private final WorkDirectory directory;
  private final ChildProcess process;

  private NodeRed(WorkDirectory directory, ChildProcess process) {
    this.directory = directory;
    this.process = process;
  }

  /**
   * Installs it, unless an earlier run has.
   *
   * @return its program, or why there is none
   */
  public static Installed install() {
    Path folder =
        Path.of(System.getProperty("basedir", ""), "target", "node-red-" + VERSION)
            .toAbsolutePath();
    Path program = folder.resolve("node_modules/node-red/red.js");
    if (Files.exists(folder.resolve("complete"))) {
      return new Installed(Optional.of(program), "");
    }
    try {
      Files.createDirectories(folder);
      Path output = folder.resolve("npm.log");
      Process npm =
          new ProcessBuilder(
                  "npm",
                  "install",
                  "--prefer-offline",
                  "--no-audit",
                  "--no-fund",
                  "--no-save",
                  "--prefix",
                  folder.toString(),
                  "node-red@" + VERSION)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!npm.waitFor(INSTALL_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        npm.descendants().forEach(ProcessHandle::destroyForcibly);
        npm.destroyForcibly();
        return new Installed(Optional.empty(), "npm took longer than " + INSTALL_LIMIT);
      }
      if (npm.exitValue() != 0 || !Files.exists(program)) {
        return new Installed(
            Optional.empty(), "npm could not install node-red: " + Files.readString(output));
      }
      Files.createFile(folder.resolve("complete"));
      return new Installed(Optional.of(program), "");
    } catch (IOException e) {
      return new Installed(Optional.empty(), "there is no npm: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Installed(Optional.empty(), "interrupted");
    }
  }

  /**
   * What has come of installing it.
   *
   * @param program empty when it can't be run here
   * @param otherwise why
   */
  public record Installed(Optional<Path> program, String otherwise) {}

  /** Starts it with these flows; returns at once. */
  public static NodeRed start(Path program, String flows) {
    WorkDirectory directory = WorkDirectory.create("node-red");
    directory.write("flows.json", flows);
    directory.write("settings.js", SETTINGS.formatted(FreePort.find()));
    ChildProcess process =
        ChildProcess.start(
            List.of("node", program.toString(), "--userDir", directory.path().toString()),
            Map.of(),
            directory.path(),
            directory.file("output.log"));
    return new NodeRed(directory, process);
  }

  /** Ends it as a power cut would. */
  public void kill() {
    process.destroy();
  }

  /** What it has written. */
  public String output() {
    return process.outputText();
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      process.destroy();
    }
    directory.delete();
  }
}
