package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A process that a test started: signalled by its id, and never left behind when the tests end. */
public final class ChildProcess {
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
  }

  private final Process process;
  private final Path output;

  private ChildProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts the command; both of its outputs are appended to one file. */
  public static ChildProcess start(
      List<String> command, Map<String, String> environment, Path directory, Path output) {
    return start(
        command, environment, directory, output, ProcessBuilder.Redirect.appendTo(output.toFile()));
  }

  /** Starts the command; nobody reads the pipe that both of its outputs are. */
  public static ChildProcess startUnread(
      List<String> command, Map<String, String> environment, Path directory, Path output) {
    return start(command, environment, directory, output, ProcessBuilder.Redirect.PIPE);
  }

  private static ChildProcess start(
      List<String> command,
      Map<String, String> environment,
      Path directory,
      Path output,
      ProcessBuilder.Redirect redirect) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(directory.toFile());
    builder.environment().keySet().removeIf(ChildProcess::isConfiguration);
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true);
    builder.redirectOutput(redirect);
    try {
      Process process = builder.start();
      RUNNING.removeIf(earlier -> !earlier.isAlive());
      RUNNING.add(process);
      return new ChildProcess(process, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the shell of the person who runs the tests may have set must not reach the bridge. */
  private static boolean isConfiguration(String name) {
    return name.startsWith("EVSE_")
        || name.startsWith("MQTT_")
        || name.startsWith("BRIDGE_")
        || name.startsWith("CAMEL_")
        || name.equals("JAVA_TOOL_OPTIONS");
  }

  public long id() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Sends a signal by its name, such as {@code TERM} or {@code STOP}. */
  public void signal(String name) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
      if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new IllegalStateException("could not send SIG" + name + " to " + process.pid());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  public int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("still running after " + limit + "; it wrote:\n" + outputText());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  public void destroy() {
    process.destroyForcibly();
    awaitExit(Patience.LIMIT);
  }

  /** The end of the pipe that nobody reads. */
  InputStream unread() {
    return process.getInputStream();
  }

  /** What waits in a pipe that nobody reads. */
  int unreadBytes() {
    try {
      return unread().available();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String outputText() {
    if (!Files.exists(output)) {
      return "";
    }
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("interrupted while waiting for a process", e);
  }
}
