package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.config.Configuration.Option;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A folder to start the bridge in, with everything that settings come from. */
final class ConfigurationFolder {

  final Map<String, String> environment = new TreeMap<>();
  final Map<Setting, Option> options = new TreeMap<>();
  private final Path folder;
  private @Nullable Path named;

  ConfigurationFolder(Path folder) {
    this.folder = folder;
  }

  ConfigurationFolder properties(String... lines) {
    file("application.properties", String.join("\n", lines));
    return this;
  }

  ConfigurationFolder toml(String... lines) {
    file("dehneevse_mqtt_bridge.toml", String.join("\n", lines));
    return this;
  }

  ConfigurationFolder variable(String name, String value) {
    environment.put(name, value);
    return this;
  }

  ConfigurationFolder option(Setting setting, String name, String value) {
    options.put(setting, new Option(name, value));
    return this;
  }

  /** Names a file with -c. */
  ConfigurationFolder naming(Path file) {
    named = file;
    return this;
  }

  Path file(String name, String content) {
    return file(name, content.getBytes(StandardCharsets.UTF_8));
  }

  Path file(String name, byte[] content) {
    try {
      Path file = path(name);
      Files.createDirectories(file.getParent());
      return Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  BridgeSettings read() throws ConfigurationException {
    return Configuration.read(folder, named, environment, options);
  }

  /** The one line that the operator gets to see. */
  String refusal() {
    return String.valueOf(assertThrows(ConfigurationException.class, this::read).getMessage());
  }
}
