package dev.evsebridge.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real Mosquitto of its own for the test, on free ports of 127.0.0.1 and in a folder of its own.
 * It keeps its ports over {@link #stop()}, {@link #kill()} and {@link #start()}.
 *
 * <p>It never drops a message for a slow subscriber, so that what is missing was lost by the
 * bridge.
 */
public final class Mosquitto implements AutoCloseable {
  private final WorkDirectory directory;
  private final Path configuration;
  private final int port;
  private final int tlsPort;
  private final int webSocketPort;
  private @Nullable Path passwords;
  private @Nullable ChildProcess process;

  private Mosquitto(Builder builder) {
    directory = WorkDirectory.create("mosquitto");
    port = FreePort.find();
    tlsPort = builder.certificates == null ? 0 : FreePort.find();
    webSocketPort = builder.webSockets ? FreePort.find() : 0;
    configuration = directory.write("mosquitto.conf", configurationText(builder));
  }

  public static Builder builder() {
    return new Builder();
  }

  /** One that lets everybody in and keeps nothing, running. */
  public static Mosquitto started() {
    return builder().start();
  }

  /** The installed program, if there is one. */
  public static Optional<Path> program() {
    return find("mosquitto");
  }

  private static Optional<Path> find(String name) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.concat(Stream.of(path.split(File.pathSeparator, -1)), Stream.of("/usr/sbin"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Starts it, for the first time or again, and returns when it accepts connections. */
  public void start() {
    if (isRunning()) {
      throw new IllegalStateException("mosquitto is already running");
    }
    String program = program().orElseThrow().toString();
    process =
        ChildProcess.start(
            List.of(program, "-c", configuration.toString()),
            Map.of(),
            directory.path(),
            directory.file("output.log"));
    Patience.until(
        "mosquitto accepts connections",
        () -> {
          if (!process().isAlive()) {
            throw new IllegalStateException("mosquitto ended:\n" + process().outputText());
          }
          return IntStream.of(port, tlsPort, webSocketPort)
              .filter(each -> each != 0)
              .allMatch(FreePort::accepts);
        });
  }

  /** Ends it as the system does at shut-down (SIGTERM): it says goodbye to nobody, but saves. */
  public void stop() {
    process().signal("TERM");
    process().awaitExit(Duration.ofSeconds(10));
  }

  /** Ends it as a power cut does (SIGKILL). */
  public void kill() {
    process().signal("KILL");
    process().awaitExit(Duration.ofSeconds(10));
  }

  /** Stops it in its tracks (SIGSTOP): connections stay open, nothing is read or answered. */
  public void freeze() {
    process().signal("STOP");
  }

  /** Lets it go on after {@link #freeze()}. */
  public void thaw() {
    process().signal("CONT");
  }

  public void restart() {
    stop();
    start();
  }

  /** Gives a user another password while it runs. */
  public void changePassword(String name, String password) {
    if (passwords == null) {
      throw new IllegalStateException("it lets everybody in");
    }
    setPassword(passwords, name, password);
    process().signal("HUP");
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

  public int port() {
    return port;
  }

  /** Where it speaks TLS; there is such a port only with {@link Builder#tls}. */
  public int tlsPort() {
    return tlsPort;
  }

  /** Where it speaks MQTT over web sockets; only with {@link Builder#webSockets}. */
  public int webSocketPort() {
    return webSocketPort;
  }

  public String url() {
    return "tcp://127.0.0.1:" + port;
  }

  public long id() {
    return process().id();
  }

  /** What it wrote about who came and went: for a person who looks into a failed test. */
  public String log() {
    return process == null ? "" : process.outputText();
  }

  @Override
  public void close() {
    if (isRunning()) {
      process().destroy();
    }
    directory.delete();
  }

  private String configurationText(Builder builder) {
    List<String> lines = new ArrayList<>();
    lines.add("user root");
    lines.addAll(
        builder.quiet ? List.of("log_type error", "log_type warning") : List.of("log_type all"));
    lines.add("max_queued_messages 0");
    lines.add("allow_anonymous " + builder.users.isEmpty());
    if (!builder.users.isEmpty()) {
      lines.add("password_file " + passwordFile(builder.users));
    }
    if (builder.acl != null) {
      lines.add("acl_file " + directory.write("acl", builder.acl));
    }
    if (builder.persistent) {
      lines.add("persistence true");
      lines.add("persistence_location " + directory.path() + "/");
    }
    lines.addAll(builder.settings);
    lines.add("listener " + port + " 127.0.0.1");
    if (builder.webSockets) {
      lines.add("listener " + webSocketPort + " 127.0.0.1");
      lines.add("protocol websockets");
    }
    if (builder.certificates != null && builder.server != null) {
      lines.add("listener " + tlsPort + " 127.0.0.1");
      lines.add("cafile " + builder.certificates.authorityFile());
      lines.add("certfile " + builder.server.certificateFile());
      lines.add("keyfile " + builder.server.keyFile());
      lines.add("require_certificate " + builder.clientCertificateRequired);
    }
    return String.join("\n", lines) + "\n";
  }

  private Path passwordFile(Map<String, String> users) {
    Path file = directory.write("passwords", "");
    passwords = file;
    users.forEach((name, password) -> setPassword(file, name, password));
    return file;
  }

  private static void setPassword(Path file, String name, String password) {
    try {
      String program = find("mosquitto_passwd").orElseThrow().toString();
      Process process =
          new ProcessBuilder(program, "-b", file.toString(), name, password)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException("mosquitto_passwd failed for " + name);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What sort of Mosquitto; without any choice it lets everybody in and keeps nothing. */
  public static final class Builder {
    private final Map<String, String> users = new LinkedHashMap<>();
    private @Nullable String acl;
    private boolean persistent;
    private boolean quiet;
    private boolean webSockets;
    private @Nullable Certificates certificates;
    private Certificates.@Nullable Identity server;
    private boolean clientCertificateRequired;
    private final List<String> settings = new ArrayList<>();

    private Builder() {}

    /** One more line of its configuration, before its ports. */
    public Builder setting(String line) {
      settings.add(line);
      return this;
    }

    /** Only users with a password get in, on every port. */
    public Builder user(String name, String password) {
      users.put(name, password);
      return this;
    }

    /** The text of Mosquitto's ACL file. */
    public Builder acl(String text) {
      acl = text;
      return this;
    }

    /** Keeps sessions and retained messages over a clean stop. */
    public Builder persistent() {
      persistent = true;
      return this;
    }

    /** Writes only what is wrong: a line per message would be measured too. */
    public Builder quiet() {
      quiet = true;
      return this;
    }

    public Builder webSockets() {
      webSockets = true;
      return this;
    }

    /** One more port that speaks TLS and shows the certificate of {@code identity}. */
    public Builder tls(Certificates authority, Certificates.Identity identity) {
      certificates = authority;
      server = identity;
      return this;
    }

    /** The TLS port lets only clients in that show a certificate of the same authority. */
    public Builder requireClientCertificate() {
      clientCertificateRequired = true;
      return this;
    }

    /** Not running yet. */
    public Mosquitto build() {
      return new Mosquitto(this);
    }

    public Mosquitto start() {
      Mosquitto mosquitto = build();
      mosquitto.start();
      return mosquitto;
    }
  }
}
