package dev.evsebridge.app;

import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which simulated chargers the command line asks for: beside this bridge, or on their own against
 * another one.
 */
final class Simulation {
  private static final int MAX_CHARGERS = 10_000;
  private static final int MAX_PORT = 65_535;
  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(\\[[^]]+]|[^:\\[\\]]+):(\\d{1,5})");

  private final int chargers;
  private final Scenario scenario;
  private final @Nullable InetSocketAddress bridge;
  private final boolean calibration;

  private Simulation(
      int chargers, Scenario scenario, @Nullable InetSocketAddress bridge, boolean calibration) {
    this.chargers = chargers;
    this.scenario = scenario;
    this.bridge = bridge;
    this.calibration = calibration;
  }

  /**
   * Reads and checks the options that are about simulated chargers.
   *
   * @throws ConfigurationException with one line for the operator
   */
  static Simulation of(CommandLineOptions options) throws ConfigurationException {
    String number = options.simulate();
    String against = options.simulateAgainst();
    String scenario = options.scenario();
    boolean calibration = options.calibration();
    if (number == null && against == null && (scenario != null || calibration)) {
      throw new ConfigurationException(
          "%s says something about simulated chargers, and there are none: add --simulate N or --simulate-against HOST:PORT"
              .formatted(calibration ? "--calibration" : "--scenario"));
    }
    if (against != null && (options.file() != null || !options.settings().isEmpty())) {
      throw new ConfigurationException(
          "--simulate-against runs simulated chargers and no bridge: of the other options, only --simulate, --scenario and --calibration can go with it");
    }
    return new Simulation(
        chargers(number, against == null ? 0 : 1),
        scenario == null ? Scenario.MIXED : scenario(scenario),
        against == null ? null : address(against),
        calibration);
  }

  private static int chargers(@Nullable String text, int atLeast) throws ConfigurationException {
    if (text == null) {
      return atLeast;
    }
    try {
      int number = Integer.parseInt(text);
      if (number >= atLeast && number <= MAX_CHARGERS) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw refusedNumber(text, atLeast);
    }
    throw refusedNumber(text, atLeast);
  }

  private static ConfigurationException refusedNumber(String text, int atLeast) {
    return new ConfigurationException(
        "--simulate = '%s' (from command line option --simulate): it must be a whole number, %d to %d"
            .formatted(text, atLeast, MAX_CHARGERS));
  }

  private static Scenario scenario(String label) throws ConfigurationException {
    return Scenario.of(label)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "--scenario = '%s' (from command line option --scenario): it must be one of %s"
                        .formatted(label, Scenario.labels())));
  }

  private static InetSocketAddress address(String text) throws ConfigurationException {
    Matcher hostAndPort = HOST_AND_PORT.matcher(text);
    if (!hostAndPort.matches()) {
      throw refusedAddress(text, "it must be HOST:PORT, such as localhost:9091");
    }
    int port = Integer.parseInt(hostAndPort.group(2));
    if (port < 1 || port > MAX_PORT) {
      throw refusedAddress(text, "the port must be 1 to " + MAX_PORT);
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(hostAndPort.group(1)), port);
    } catch (UnknownHostException e) {
      throw refusedAddress(text, "there is no host " + hostAndPort.group(1));
    }
  }

  private static ConfigurationException refusedAddress(String text, String reason) {
    return new ConfigurationException(
        "--simulate-against = '%s' (from command line option --simulate-against): %s"
            .formatted(text, reason));
  }

  /** Whether nothing but this is to be run. */
  boolean isAlone() {
    return bridge != null || calibration;
  }

  /** Simulated chargers for the bridge that listens there, or null when none are asked for. */
  @Nullable Simulator against(InetSocketAddress ownBridge) {
    return chargers == 0
        ? null
        : new Simulator(ownBridge, chargers, SimulatorTiming.DEFAULT, scenario);
  }

  /** Runs the chargers until the process is stopped, or prints their calibration. */
  void runAlone(PrintWriter out) throws InterruptedException {
    InetSocketAddress address =
        bridge == null ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 0) : bridge;
    try (Simulator simulator =
        new Simulator(address, chargers, SimulatorTiming.DEFAULT, scenario)) {
      if (calibration) {
        for (SimulatedCharger charger : simulator.chargers()) {
          charger.calibrationSettings().forEach(out::println);
        }
        return;
      }
      out.printf(
          "%d simulated charger%s, scenario %s, for the bridge at %s:%d. Ctrl-C ends %s.%n",
          chargers,
          chargers == 1 ? "" : "s",
          scenario.label(),
          address.getHostString(),
          address.getPort(),
          chargers == 1 ? "it" : "them");
      Runtime.getRuntime().addShutdownHook(new Thread(simulator::close, "shutdown"));
      simulator.start();
      new CountDownLatch(1).await();
    }
  }
}
