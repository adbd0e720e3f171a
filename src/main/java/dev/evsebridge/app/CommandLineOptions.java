package dev.evsebridge.app;

import dev.evsebridge.config.Configuration.Option;
import dev.evsebridge.config.Setting;
import dev.evsebridge.simulator.Scenario;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options of the original bridge, and those that are new. Described by calls and not by
 * annotations: reading those would take a tenth of the start.
 */
final class CommandLineOptions {

  private final CommandSpec command = CommandSpec.create().name("evse-mqtt-bridge");
  private final Map<Setting, OptionSpec> settings = new EnumMap<>(Setting.class);
  private final OptionSpec file;
  private final OptionSpec simulate;
  private final OptionSpec simulateAgainst;
  private final OptionSpec scenario;
  private final OptionSpec calibration;
  private final OptionSpec calibrate;
  private final OptionSpec init;
  private final OptionSpec check;

  CommandLineOptions() {
    command
        .usageMessage()
        .description("Bridge between Dehne-EVSE charging stations and MQTT.")
        .sortOptions(false)
        .footer(
            "",
            "It runs in the current folder, with routes/ and application.properties from",
            "there, or, where neither is there, with those that it carries.",
            "All other settings: application.properties, the configuration file, or the environment.");
    command.versionProvider(() -> new String[] {BuildVersion.full()});
    setting(Setting.EVSE_BIND_ADDRESS, "ADDRESS", "Address on which chargers connect", "-a");
    setting(Setting.EVSE_BIND_PORT, "PORT", "Port on which chargers connect", "-p");
    setting(Setting.MQTT_BROKER, "URL", "MQTT broker", "-h", "--mqtt_host");
    setting(
        Setting.MQTT_TOPIC_PUBLISH,
        "TOPIC",
        "Topic for messages from chargers",
        "--mqtt_topic_publish");
    setting(
        Setting.MQTT_TOPIC_SUBSCRIBE,
        "TOPIC",
        "Topic for requests to chargers",
        "--mqtt_topic_subscribe");
    file =
        add(
            OptionSpec.builder("-c")
                .type(Path.class)
                .paramLabel("FILE")
                .description(
                    "Configuration file, .toml or .properties; by default ./dehneevse_mqtt_bridge.toml, read if it is there"));
    simulate =
        add(
            OptionSpec.builder("--simulate")
                .type(String.class)
                .paramLabel("N")
                .description("Add N simulated chargers, to try everything without hardware"));
    simulateAgainst =
        add(
            OptionSpec.builder("--simulate-against")
                .type(String.class)
                .paramLabel("HOST:PORT")
                .description(
                    "Run no bridge, only the simulated chargers (one, or as many as --simulate says), against the bridge there"));
    scenario =
        add(
            OptionSpec.builder("--scenario")
                .type(String.class)
                .paramLabel("NAME")
                .description(
                    "What simulated cars do (default: mixed): %s".formatted(Scenario.labels())));
    calibration =
        add(
            OptionSpec.builder("--calibration")
                .type(boolean.class)
                .description(
                    "Print the settings sensors.* that fit the simulated chargers, and end"));
    calibrate =
        add(
            OptionSpec.builder("--calibrate")
                .type(String.class)
                .paramLabel("KEY=RAW:METER,RAW:METER")
                .description(
                    "Print the setting sensors.KEY that fits two measurements, such as current_l1=2041:0.2,2437:15.8, and end"));
    init =
        add(
            OptionSpec.builder("--init")
                .type(boolean.class)
                .description(
                    "Write routes/ and application.properties into the current folder, to be edited; files that are there stay as they are"));
    check =
        add(
            OptionSpec.builder("--check")
                .type(boolean.class)
                .description(
                    "Check settings, routes and the broker's access rules, say what was checked, and end with 0 or 2"));
    add(
        OptionSpec.builder("--version")
            .versionHelp(true)
            .description("Print the version, and which commit it was built from"));
    add(OptionSpec.builder("--help").usageHelp(true).description("Print this help"));
  }

  private void setting(Setting setting, String label, String description, String... names) {
    OptionSpec option =
        add(
            OptionSpec.builder(names)
                .type(String.class)
                .paramLabel(label)
                .description("%s (default: %s)".formatted(description, setting.defaultValue())));
    settings.put(setting, option);
  }

  private OptionSpec add(OptionSpec.Builder builder) {
    OptionSpec option = builder.build();
    command.addOption(option);
    return option;
  }

  /** The command line that these options are read from. */
  CommandLine commandLine() {
    return new CommandLine(command);
  }

  /** The configuration file, if one was named. */
  @Nullable Path file() {
    return file.getValue();
  }

  /** How many chargers to simulate, as it was written. */
  @Nullable String simulate() {
    return simulate.getValue();
  }

  /** Host and port of the bridge that the simulated chargers connect to, as it was written. */
  @Nullable String simulateAgainst() {
    return simulateAgainst.getValue();
  }

  /** What simulated cars do, as it was written. */
  @Nullable String scenario() {
    return scenario.getValue();
  }

  /** Whether only the calibration of the simulated chargers is asked for. */
  boolean calibration() {
    return Boolean.TRUE.equals(calibration.getValue());
  }

  /** Two measurements that a setting is to be made of, as they were written. */
  @Nullable String calibrate() {
    return calibrate.getValue();
  }

  /** Whether to write the default files, and do nothing else. */
  boolean init() {
    return Boolean.TRUE.equals(init.getValue());
  }

  /** Whether to check everything, and do nothing else. */
  boolean check() {
    return Boolean.TRUE.equals(check.getValue());
  }

  /** The settings that were given, each with the option that gave it. */
  Map<Setting, Option> settings() {
    Map<Setting, Option> given = new EnumMap<>(Setting.class);
    settings.forEach(
        (setting, option) -> {
          String value = option.getValue();
          if (value != null) {
            given.put(setting, new Option(option.longestName(), value));
          }
        });
    return given;
  }
}
