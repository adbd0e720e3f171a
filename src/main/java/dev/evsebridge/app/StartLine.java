package dev.evsebridge.app;

import dev.evsebridge.config.BridgeSettings;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** What runs, and with which files, in words. */
final class StartLine {

  private StartLine() {}

  static String of(BridgeSettings settings) {
    return "%s on Java %s, with settings from %s and routes from %s"
        .formatted(BuildVersion.full(), Runtime.version(), settings(settings), routes());
  }

  static String settings(BridgeSettings settings) {
    return settings.files().isEmpty()
        ? "no file"
        : settings.files().stream().map(Path::toString).collect(Collectors.joining(", "));
  }

  static String routes() {
    return DefaultFiles.areUsedIn(Path.of("")) ? "the jar" : CamelRoutes.FOLDER + "/";
  }
}
