package dev.evsebridge.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads the settings from all their sources. */
public final class Configuration {

  /** Read if it is there, as by the original bridge. */
  public static final Path DEFAULT_FILE = Path.of("dehneevse_mqtt_bridge.toml");

  /** Settings, and the keys of the user's own routes. */
  public static final Path PROPERTIES_FILE = Path.of("application.properties");

  /** Where the routes are that may refer to keys. */
  public static final Path ROUTES_FOLDER = Path.of("routes");

  private static final List<String> LOG_LEVELS = List.of("ERROR", "WARN", "INFO", "DEBUG", "TRACE");

  private Configuration() {}

  /**
   * Reads and checks everything.
   *
   * @param folder where application.properties and the default file are looked for
   * @param file the file named on the command line, or null
   * @param environment the process's environment
   * @param options values from the command line with the option's name
   * @throws ConfigurationException with one line for the operator
   */
  public static BridgeSettings read(
      Path folder,
      @Nullable Path file,
      Map<String, String> environment,
      Map<Setting, Option> options)
      throws ConfigurationException {
    SettingSources sources =
        new SettingSources(new KeysInRoutes(folder.resolve(ROUTES_FOLDER))::contain);
    List<Path> files = files(folder, file);
    for (Path each : files) {
      sources.addFile(each);
    }
    sources.addEnvironment(environment);
    for (Map.Entry<Setting, Option> option : options.entrySet()) {
      sources.addOption(option.getKey(), option.getValue().value(), option.getValue().name());
    }
    return check(sources, files);
  }

  /**
   * A value from the command line.
   *
   * @param name the option as it was typed
   * @param value its value
   */
  public record Option(String name, String value) {}

  private static List<Path> files(Path folder, @Nullable Path named) {
    List<Path> files = new ArrayList<>();
    Path properties = folder.resolve(PROPERTIES_FILE).normalize();
    if (Files.exists(properties)) {
      files.add(properties);
    }
    Path original = folder.resolve(DEFAULT_FILE).normalize();
    if (named != null) {
      files.add(named);
    } else if (Files.exists(original)) {
      files.add(original);
    }
    return files;
  }

  private static BridgeSettings check(SettingSources sources, List<Path> files)
      throws ConfigurationException {
    SettingReader reader = new SettingReader(sources.values());
    String bindAddress = ListenerSection.bindAddress(reader);
    return new BridgeSettings(
        bindAddress,
        ListenerSection.bindPort(reader),
        ListenerSection.limits(reader),
        ListenerSection.allowedSerials(reader),
        ChargerNames.read(sources.values()),
        MqttSection.read(reader),
        PerCharger.read(ControlSection.TABLE, reader, ControlSection::read),
        PerCharger.read(SensorSection.TABLE, reader, SensorSection::read),
        SupervisionSection.read(reader),
        FirmwareSection.read(reader),
        HomeAssistantSection.read(reader),
        WebSection.read(reader),
        name(reader),
        reader.duration(Setting.BRIDGE_BROKER_LOSS_GRACE, Duration.ZERO),
        Path.of(reader.text(Setting.BRIDGE_STATE_DIR)),
        reader.flag(Setting.BRIDGE_STATE_TOPICS),
        logLevel(reader),
        placeholders(sources, reader, bindAddress),
        shown(sources),
        Set.copyOf(sources.ignoredVariables()),
        List.copyOf(files));
  }

  private static Optional<String> name(SettingReader reader) throws ConfigurationException {
    String name =
        reader.parsed(
            Setting.BRIDGE_NAME,
            "it must be 1 to 32 of a-z, 0-9 and '-', and not 'response'",
            // Its health would stand where responses to requests for health come.
            text -> text.matches("(?!response$)[a-z0-9-]{0,32}") ? text : null);
    return Optional.of(name).filter(text -> !text.isEmpty());
  }

  private static String logLevel(SettingReader reader) throws ConfigurationException {
    return reader.parsed(
        Setting.BRIDGE_LOG_LEVEL,
        "it must be one of " + String.join(", ", LOG_LEVELS),
        text -> {
          String level = text.toUpperCase(Locale.ROOT);
          return LOG_LEVELS.contains(level) ? level : null;
        });
  }

  /** Without keys of the user's own: those may be secrets. */
  private static Map<String, String> shown(SettingSources sources) {
    Map<String, String> shown = new TreeMap<>();
    sources
        .values()
        .forEach(
            (key, values) -> {
              if (KnownKeys.setting(key).filter(Setting::isSecret).isEmpty()) {
                shown.put(key, values.getFirst().text());
              }
            });
    return shown;
  }

  private static Map<String, String> placeholders(
      SettingSources sources, SettingReader reader, String bindAddress) {
    Map<String, String> placeholders = new HashMap<>(sources.ownKeys());
    for (Setting setting : Setting.values()) {
      if (!setting.isSecret()) {
        placeholders.put(setting.key(), reader.text(setting));
      }
    }
    placeholders.put(Setting.EVSE_BIND_ADDRESS.key(), bindAddress);
    return placeholders;
  }
}
