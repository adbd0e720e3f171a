package dev.evsebridge.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which bridge this is, as its build has written it into the jar. */
final class BuildVersion {
  private static final String NAME = "evse-mqtt-bridge ";
  private static final String COMMIT = "[0-9a-f]{7,40}";
  private static final String TIME = "\\d{4}-\\d{2}-\\d{2}T[0-9:]+Z";

  private BuildVersion() {}

  /** The version alone, such as {@code 1.1.0}. */
  static String number() {
    String version = BuildVersion.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** The name of the bridge, and the version. */
  static String name() {
    String version = BuildVersion.class.getPackage().getImplementationVersion();
    return NAME + (version == null ? "(development)" : version);
  }

  /** Name, version, and the commit that the jar was built from. */
  static String full() {
    Properties built = new Properties();
    try (InputStream file = BuildVersion.class.getResourceAsStream("commit.properties")) {
      if (file != null) {
        built.load(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "%s (%s)".formatted(name(), commit(built));
  }

  /**
   * Puts into words what the build has found out. Outside of a Git repository that is nothing,
   * unless it was told the commit.
   */
  static String commit(Properties built) {
    String commit = built.getProperty("commit", "");
    if (!commit.matches(COMMIT)) {
      String told = built.getProperty("told", "");
      return "commit " + (told.matches(COMMIT) ? told : "unknown");
    }
    String time = built.getProperty("time", "");
    return "commit "
        + commit
        + (time.matches(TIME) ? " of " + time : "")
        + (built.getProperty("changed", "").equals("true") ? ", with changes" : "");
  }
}
