package dev.evsebridge.app;

import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.control.CalibrationPoints;
import dev.evsebridge.runtime.Logging;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The program: reads command line and settings, then runs the bridge until it is stopped. */
public final class Bridge {

  private static final int OK = 0;
  private static final int FAULT = 1;
  private static final int MISTAKE_OF_THE_OPERATOR = 2;

  /** Where files are looked for. */
  private static final Path FOLDER = Path.of("");

  /** A user name and a password in an address. */
  private static final Pattern CREDENTIALS = Pattern.compile("[^\\s'\"=]*@");

  static {
    // A broker may move at any time, and its name is looked up only to connect. The JDK reads this
    // once, before the first lookup, and would else keep each answer for half a minute.
    Security.setProperty("networkaddress.cache.ttl", "0");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
  }

  private Bridge() {}

  /** Runs the bridge and ends the process with its exit status. */
  public static void main(String... arguments) {
    int status = FAULT;
    try {
      status = run(arguments);
    } catch (RuntimeException | Error e) {
      // There may be no log yet; nothing must end without a word.
      Thread thread = Thread.currentThread();
      thread.getThreadGroup().uncaughtException(thread, e);
    }
    Logging.flush();
    System.exit(status);
  }

  /**
   * Runs the bridge until it is stopped.
   *
   * @return 0 after a stop, 2 when something about the command line or the settings is wrong (one
   *     line on the error stream says what), 1 for a fault of the bridge itself
   */
  public static int run(String... arguments) {
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
    CommandLineOptions options = new CommandLineOptions();
    CommandLine commandLine = options.commandLine();
    try {
      commandLine.parseArgs(arguments);
    } catch (ParameterException e) {
      String complaint = CREDENTIALS.matcher(oneLine(e.getMessage())).replaceAll("(not shown)@");
      err.println(complaint + " (see --help)");
      return MISTAKE_OF_THE_OPERATOR;
    }
    if (commandLine.isUsageHelpRequested()) {
      commandLine.usage(out);
      return OK;
    }
    if (commandLine.isVersionHelpRequested()) {
      commandLine.printVersionHelp(out);
      return OK;
    }
    try {
      if (options.init()) {
        DefaultFiles.writeTo(FOLDER).forEach(out::println);
        return OK;
      }
      String measured = options.calibrate();
      if (measured != null) {
        out.println(calibration(measured));
        return OK;
      }
      Simulation simulation = Simulation.of(options);
      return simulation.isAlone() ? simulate(simulation, out) : run(options, simulation, out);
    } catch (ConfigurationException e) {
      err.println(oneLine(e.getMessage()));
      return MISTAKE_OF_THE_OPERATOR;
    } catch (NoClassDefFoundError e) {
      ConfigurationException mistake = LibFolder.lacks(e);
      if (mistake == null) {
        throw e;
      }
      err.println(oneLine(mistake.getMessage()));
      return MISTAKE_OF_THE_OPERATOR;
    }
  }

  private static String calibration(String measured) throws ConfigurationException {
    try {
      return CalibrationPoints.setting(measured);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("--calibrate %s: %s".formatted(measured, e.getMessage()));
    }
  }

  private static int simulate(Simulation simulation, PrintWriter out) {
    Logging.configure("INFO");
    configureNetty();
    try {
      simulation.runAlone(out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return OK;
  }

  private static int run(CommandLineOptions options, Simulation simulation, PrintWriter out)
      throws ConfigurationException {
    requireBothOrNone(FOLDER);
    BridgeSettings settings =
        Configuration.read(FOLDER, options.file(), System.getenv(), options.settings());
    if (options.check()) {
      Logging.configure("WARN");
      configureNetty();
      LibFolder.use();
      new Check(settings, out).run();
      return OK;
    }
    Logging.configure(settings.logLevel());
    configureNetty();
    Logger log = LoggerFactory.getLogger(Bridge.class);
    log.info(StartLine.of(settings));
    LibFolder.use();
    try (BridgeApplication application = new BridgeApplication(settings, simulation)) {
      application.start();
      return application.awaitStop();
    } catch (ConfigurationException e) {
      throw e;
    } catch (Exception e) {
      log.error("The bridge could not be started", e);
      return FAULT;
    }
  }

  /** What nobody has set on the command line; Netty reads it when it is loaded. */
  private static void configureNetty() {
    // Pools of 4 MiB for each event loop are for other traffic than some hundred bytes at a time.
    setUnlessChosen("io.netty.allocator.maxOrder", "6");
    if (Runtime.version().feature() >= 24) {
      // The JVM would warn of deprecated memory access on each start.
      setUnlessChosen("io.netty.noUnsafe", "true");
    }
  }

  private static void setUnlessChosen(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** One without the other is a folder that was not meant, or from which something is missing. */
  private static void requireBothOrNone(Path folder) throws ConfigurationException {
    if (DefaultFiles.areUsedIn(folder)) {
      return;
    }
    if (!Files.isRegularFile(folder.resolve(Configuration.PROPERTIES_FILE))) {
      throw missing("file " + Configuration.PROPERTIES_FILE, "routes/");
    }
    if (!Files.isDirectory(folder.resolve(CamelRoutes.FOLDER))) {
      throw missing("folder routes", "application.properties");
    }
  }

  private static ConfigurationException missing(String what, String other) {
    return new ConfigurationException(
        "There is no %s in %s, but %s is: start the bridge in the folder that holds both, or let --init write what is missing"
            .formatted(what, FOLDER.toAbsolutePath(), other));
  }

  private static String oneLine(@Nullable String message) {
    return String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
