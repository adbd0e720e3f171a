package dev.evsebridge.app;

import dev.evsebridge.config.Configuration.Option;
import dev.evsebridge.config.Setting;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** The options of the original bridge, and those that are new. */
@Command(
    name = "evse-mqtt-bridge",
    sortOptions = false,
    description = "Bridge between Dehne-EVSE charging stations and MQTT.",
    footer = {
      "",
      "Run it in a folder that holds routes/ and application.properties.",
      "All other settings: application.properties, the configuration file, or the environment."
    },
    versionProvider = CommandLineOptions.Version.class)
final class CommandLineOptions {

  private final Map<Setting, Option> settings = new EnumMap<>(Setting.class);

  @picocli.CommandLine.Option(
      names = "-c",
      paramLabel = "FILE",
      description =
          "Configuration file, .toml or .properties; by default ./dehneevse_mqtt_bridge.toml, read if it is there")
  @Nullable Path file;

  @picocli.CommandLine.Option(
      names = "--simulate",
      paramLabel = "N",
      description = "Add N simulated chargers, to try everything without hardware")
  @Nullable String simulate;

  @picocli.CommandLine.Option(
      names = "--version",
      versionHelp = true,
      description = "Print the version")
  boolean versionAsked;

  @picocli.CommandLine.Option(names = "--help", usageHelp = true, description = "Print this help")
  boolean helpAsked;

  @picocli.CommandLine.Option(
      names = "-a",
      paramLabel = "ADDRESS",
      order = -5,
      description = "Address on which chargers connect (default: [::])")
  void address(String value) {
    put(Setting.EVSE_BIND_ADDRESS, "-a", value);
  }

  @picocli.CommandLine.Option(
      names = "-p",
      paramLabel = "PORT",
      order = -4,
      description = "Port on which chargers connect (default: 9091)")
  void port(String value) {
    put(Setting.EVSE_BIND_PORT, "-p", value);
  }

  @picocli.CommandLine.Option(
      names = {"-h", "--mqtt_host"},
      paramLabel = "URL",
      order = -3,
      description = "MQTT broker (default: tcp://localhost:1883)")
  void broker(String value) {
    put(Setting.MQTT_BROKER, "--mqtt_host", value);
  }

  @picocli.CommandLine.Option(
      names = "--mqtt_topic_publish",
      paramLabel = "TOPIC",
      order = -2,
      description = "Topic for messages from chargers (default: from_dehneEVSE)")
  void topicPublish(String value) {
    put(Setting.MQTT_TOPIC_PUBLISH, "--mqtt_topic_publish", value);
  }

  @picocli.CommandLine.Option(
      names = "--mqtt_topic_subscribe",
      paramLabel = "TOPIC",
      order = -1,
      description = "Topic for requests to chargers (default: to_dehneEVSE)")
  void topicSubscribe(String value) {
    put(Setting.MQTT_TOPIC_SUBSCRIBE, "--mqtt_topic_subscribe", value);
  }

  private void put(Setting setting, String option, String value) {
    settings.put(setting, new Option(option, value));
  }

  Map<Setting, Option> settings() {
    return settings;
  }

  /** Reads the version from the jar's manifest. */
  static final class Version implements picocli.CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Bridge.class.getPackage().getImplementationVersion();
      return new String[] {"evse-mqtt-bridge " + (version == null ? "(development)" : version)};
    }
  }
}
