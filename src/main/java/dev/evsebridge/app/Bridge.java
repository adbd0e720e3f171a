package dev.evsebridge.app;

import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.runtime.Logging;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private Bridge() {}

  /** Runs the bridge and ends the process with its exit status. */
  public static void main(String... arguments) {
    int status = run(arguments);
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
      err.println(oneLine(e.getMessage()) + " (see --help)");
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
      Simulation simulation = Simulation.of(options);
      return simulation.isAlone() ? simulate(simulation, out) : run(options, simulation);
    } catch (ConfigurationException e) {
      err.println(oneLine(e.getMessage()));
      return MISTAKE_OF_THE_OPERATOR;
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

  private static int run(CommandLineOptions options, Simulation simulation)
      throws ConfigurationException {
    Path folder = Path.of("");
    requireFolder(folder);
    BridgeSettings settings =
        Configuration.read(folder, options.file(), System.getenv(), options.settings());
    Logging.configure(settings.logLevel());
    configureNetty();
    Logger log = LoggerFactory.getLogger(Bridge.class);
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
      // The machine would warn of deprecated memory access on each start.
      setUnlessChosen("io.netty.noUnsafe", "true");
    }
  }

  private static void setUnlessChosen(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static void requireFolder(Path folder) throws ConfigurationException {
    Path here = folder.toAbsolutePath();
    if (!Files.isRegularFile(folder.resolve("application.properties"))) {
      throw new ConfigurationException(
          "There is no file application.properties in %s: start the bridge in the folder that holds it and routes/"
              .formatted(here));
    }
    if (!Files.isDirectory(folder.resolve(CamelRoutes.FOLDER))) {
      throw new ConfigurationException(
          "There is no folder routes in %s: start the bridge in the folder that holds it and application.properties"
              .formatted(here));
    }
  }

  private static String oneLine(@Nullable String message) {
    return String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
