package dev.evsebridge.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A text that must not appear in any log, message or process list. */
public final class Secret {

  private final String text;
  private final @Nullable Path file;
  private final String key;

  /** Wraps the text. */
  public Secret(String text) {
    this.text = text;
    this.file = null;
    this.key = "";
  }

  private Secret(String key, Path file) {
    this.text = "";
    this.file = file;
    this.key = key;
  }

  /**
   * The content of a file without its line end, read whenever it is wanted: it may be renewed.
   *
   * @param setting names the file
   */
  static Secret inFile(Setting setting, Path file) {
    return new Secret(setting.key(), file);
  }

  /**
   * The text itself as UTF-8, for the one who has to present it.
   *
   * @throws UncheckedIOException when its file can't be read now
   */
  public byte[] reveal() {
    return (file == null ? text : read(key, file)).getBytes(StandardCharsets.UTF_8);
  }

  private static String read(String key, Path file) {
    try {
      return TextFile.content(file).replaceFirst("\\r?\\n\\z", "");
    } catch (IOException e) {
      String reason = key + ": its file must be UTF-8 text that can be read" + TextFile.why(e);
      throw new UncheckedIOException(new IOException(reason));
    }
  }

  /** Whether {@link #reveal} reads a file, and so may take some seconds. */
  public boolean isInFile() {
    return file != null;
  }

  @Override
  public String toString() {
    return "(secret)";
  }
}
