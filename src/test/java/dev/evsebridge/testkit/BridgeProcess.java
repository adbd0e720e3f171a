package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The built bridge in a JVM of its own, as its users run it: from a folder that holds a copy of the
 * project's {@code routes/} and {@code application.properties}.
 */
public final class BridgeProcess implements AutoCloseable {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  private static final Path JAR =
      PROJECT.resolve(System.getProperty("evse.bridge.jar", "target/evse-mqtt-bridge.jar"));

  private static final String LAUNCHER = "bin/evse-mqtt-bridge";

  private final WorkDirectory directory;
  private final List<String> arguments;
  private final Map<String, String> environment;
  private final String maximumHeap;
  private final int port;
  private final int openFilesAtMost;
  private final boolean byLauncher;
  private final boolean outputUnread;
  private @Nullable ChildProcess process;

  private BridgeProcess(Builder builder, WorkDirectory directory) {
    this.directory = directory;
    arguments = List.copyOf(builder.arguments);
    environment = Map.copyOf(builder.environment);
    maximumHeap = builder.maximumHeap;
    port = builder.port;
    openFilesAtMost = builder.openFilesAtMost;
    byLauncher = builder.byLauncher;
    outputUnread = builder.outputUnread;
  }

  /** What is started. */
  public static Path jar() {
    return JAR;
  }

  /** With no arguments yet: it would listen on the default port and look for the default broker. */
  public static Builder builder() {
    return new Builder();
  }

  /** On a free port of 127.0.0.1, with this broker. */
  public static Builder connectingTo(Mosquitto mosquitto) {
    return connectingTo(mosquitto.url());
  }

  public static Builder connectingTo(String brokerUrl) {
    return builder().listeningOn(FreePort.find()).arguments("-h", brokerUrl);
  }

  /** Starts it, for the first time or again in the same folder, without waiting for anything. */
  public BridgeProcess start() {
    if (isRunning()) {
      throw new IllegalStateException("the bridge is already running");
    }
    List<String> command = new ArrayList<>();
    if (openFilesAtMost > 0) {
      // exec keeps the process id, so signals still reach the bridge
      command.addAll(
          List.of("sh", "-c", "ulimit -n " + openFilesAtMost + " && exec \"$@\"", "limited"));
    }
    if (byLauncher) {
      command.add(directory.file(LAUNCHER).toString());
    } else {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-Xmx" + maximumHeap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
      command.addAll(List.of("-jar", JAR.toString()));
    }
    command.addAll(arguments);
    Path output = directory.file("output.log");
    process =
        outputUnread
            ? ChildProcess.startUnread(command, environment, directory.path(), output)
            : ChildProcess.start(command, environment, directory.path(), output);
    return this;
  }

  /** Returns when chargers can connect. */
  public BridgeProcess awaitListening() {
    return awaitListening(Duration.ofSeconds(60));
  }

  public BridgeProcess awaitListening(Duration limit) {
    try {
      Patience.until(
          "the bridge listens on port " + port, limit, () -> !isRunning() || isListening());
    } catch (ConditionTimeoutException e) {
      throw failed("the bridge did not listen on port " + port + " within " + limit);
    }
    if (!isRunning()) {
      throw failed("the bridge ended");
    }
    return this;
  }

  /** Nobody holds a bridge yet that did not come up, so it is cleared away here. */
  private AssertionError failed(String what) {
    String output = output();
    close();
    return new AssertionError(what + "; it wrote:\n" + output);
  }

  /** Asks it to end (SIGTERM) and returns its exit status. */
  public int stop() {
    process().signal("TERM");
    return exitStatus(Duration.ofSeconds(10));
  }

  /** Asks it to end (SIGTERM) without waiting for that. */
  public void requestStop() {
    process().signal("TERM");
  }

  /** Ends it as a power cut does (SIGKILL). */
  public void kill() {
    process().destroy();
  }

  /** Stops it in its tracks (SIGSTOP). */
  public void freeze() {
    process().signal("STOP");
  }

  /** Lets it go on after {@link #freeze()}. */
  public void thaw() {
    process().signal("CONT");
  }

  /** Waits for it to end by itself. */
  public int exitStatus() {
    return exitStatus(Patience.LIMIT);
  }

  public int exitStatus(Duration limit) {
    return process().awaitExit(limit);
  }

  private ChildProcess process() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process;
  }

  public boolean isRunning() {
    return process != null && process.isAlive();
  }

  public boolean isListening() {
    return FreePort.accepts(port);
  }

  /** Returns when it has read all that chargers have sent. */
  public void awaitAllRead() {
    Patience.until("the bridge has read everything", this::hasReadAll);
  }

  /** Linux lists each connection: number, local and remote address, state, and queued bytes. */
  private boolean hasReadAll() {
    Predicate<String> unread =
        Pattern.compile(".*:%04X \\S+ 01 \\w+:(?!00000000).*".formatted(port)).asMatchPredicate();
    return Stream.of("tcp", "tcp6").noneMatch(table -> anyLine("/proc/net/" + table, unread));
  }

  private static boolean anyLine(String file, Predicate<String> wanted) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines.anyMatch(wanted);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where chargers connect. */
  public int port() {
    return port;
  }

  public long id() {
    return process().id();
  }

  public Path directory() {
    return directory.path();
  }

  /** Whether it has mapped a file of this name into its memory. */
  public boolean usesFile(Path file) {
    return anyLine("/proc/" + id() + "/maps", line -> line.endsWith(file.toString()));
  }

  /** Its output, to be read at any pace, with {@link Builder#outputUnread}. */
  public InputStream unreadOutput() {
    return process().unread();
  }

  /** How much of its output waits to be read, with {@link Builder#outputUnread}. */
  public int unreadOutputBytes() {
    return process().unreadBytes();
  }

  /** Both outputs of all its runs so far. */
  public String output() {
    return process().outputText();
  }

  /** The names of all classes that it has loaded. */
  public Set<String> loadedClasses() {
    return JvmProbe.ask(id(), "VM.class_hierarchy").stream()
        .map(line -> line.replaceFirst("^[ |\\-]*", "").replaceFirst("/.*", ""))
        .collect(Collectors.toSet());
  }

  /** Memory that it really takes, in kibibytes. */
  public long residentKibibytes() {
    return statusNumber("VmRSS:");
  }

  public long threads() {
    return statusNumber("Threads:");
  }

  public long openFiles() {
    try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(id()), "fd"))) {
      return files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long statusNumber(String name) {
    try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(id()), "status"))) {
      String line = lines.filter(each -> each.startsWith(name)).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("[^0-9]", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (isRunning()) {
      process().destroy();
    }
    directory.delete();
  }

  /** How it is called. */
  public static final class Builder {
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final Map<String, String> files = new LinkedHashMap<>();
    private final Map<String, Path> copies = new LinkedHashMap<>();
    private final List<String> properties = new ArrayList<>();
    private boolean withRoutes = true;
    private boolean withProperties = true;
    private String maximumHeap = "160m";
    private int port;
    private int openFilesAtMost;
    private boolean byLauncher;
    private boolean outputUnread;

    private Builder() {}

    public Builder arguments(String... more) {
      arguments.addAll(List.of(more));
      return this;
    }

    /** Listens on this port of 127.0.0.1, said on the command line. */
    public Builder listeningOn(int newPort) {
      return awaitedOn(newPort).arguments("-a", "127.0.0.1", "-p", Integer.toString(newPort));
    }

    /**
     * The port that {@link #awaitListening()} looks at, when something else than the command line
     * says it.
     */
    public Builder awaitedOn(int newPort) {
      port = newPort;
      return this;
    }

    public Builder environment(String name, String value) {
      environment.put(name, value);
      return this;
    }

    /** A line added to its copy of application.properties. */
    public Builder property(String key, String value) {
      properties.add(key + "=" + value);
      return this;
    }

    /** The original's configuration file, under its default name. */
    public Builder toml(String... lines) {
      return file("dehneevse_mqtt_bridge.toml", String.join("\n", lines) + "\n");
    }

    /** One more file in its folder. */
    public Builder file(String name, String text) {
      files.put(name, text);
      return this;
    }

    /** One more file in its folder, from elsewhere. */
    public Builder copy(Path source, String name) {
      copies.put(name, source);
      return this;
    }

    public Builder withoutRoutes() {
      withRoutes = false;
      return this;
    }

    public Builder withoutProperties() {
      withProperties = false;
      return this;
    }

    /** As the JVM's {@code -Xmx} takes it, such as {@code 64m}. */
    public Builder maximumHeap(String size) {
      maximumHeap = size;
      return this;
    }

    /** The system lets it open only so many files and sockets. */
    public Builder openFilesAtMost(int number) {
      openFilesAtMost = number;
      return this;
    }

    /** By the launcher, which is copied into its folder together with the jar. */
    public Builder byLauncher() {
      byLauncher = true;
      return environment("JAVA_HOME", System.getProperty("java.home"));
    }

    /** Its output goes into a pipe that nobody reads, as after Ctrl-S in a terminal. */
    public Builder outputUnread() {
      outputUnread = true;
      return this;
    }

    public BridgeProcess start() {
      WorkDirectory directory = WorkDirectory.create("bridge");
      if (withRoutes) {
        directory.copy(PROJECT.resolve("routes"), "routes");
      }
      if (withProperties) {
        directory.copy(PROJECT.resolve("application.properties"), "application.properties");
        appendProperties(directory.file("application.properties"));
      }
      if (byLauncher) {
        directory.copy(PROJECT.resolve(LAUNCHER), LAUNCHER);
        directory.copy(JAR, "evse-mqtt-bridge.jar");
      }
      copies.forEach((name, source) -> directory.copy(source, name));
      files.forEach(directory::write);
      return new BridgeProcess(this, directory).start();
    }

    private void appendProperties(Path file) {
      if (properties.isEmpty()) {
        return;
      }
      try {
        Files.writeString(
            file, "\n" + String.join("\n", properties) + "\n", StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
