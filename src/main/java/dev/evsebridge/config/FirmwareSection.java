package dev.evsebridge.config;

import dev.evsebridge.message.FirmwareImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads what is set under {@code firmware.} */
final class FirmwareSection {

  private static final int FIRST_VERSION = 2;
  private static final int LAST_VERSION = 255;

  private FirmwareSection() {}

  static FirmwareKeys read(SettingReader reader) throws ConfigurationException {
    Optional<String> version =
        reader.parsedIfSet(
            Setting.FIRMWARE_VERSION,
            "it must be the number that a charger with this image reports, %d to %d"
                .formatted(FIRST_VERSION, LAST_VERSION),
            FirmwareSection::version);
    Path image = reader.readableFile(Setting.FIRMWARE_IMAGE);
    if (image == null) {
      if (version.isPresent()) {
        throw reader.refused(Setting.FIRMWARE_VERSION, "firmware.image must be set as well");
      }
      return new FirmwareKeys(Optional.empty(), Optional.empty());
    }
    long bytes = size(reader, image);
    if (bytes < 1 || bytes > FirmwareImage.MAX_LENGTH_BYTES) {
      throw reader.refused(
          Setting.FIRMWARE_IMAGE,
          "an image has 1 to %d bytes, and this file has %d"
              .formatted(FirmwareImage.MAX_LENGTH_BYTES, bytes));
    }
    return new FirmwareKeys(Optional.of(image), version);
  }

  private static @Nullable String version(String text) {
    if (!text.matches("\\d{1,3}")) {
      return null;
    }
    int number = Integer.parseInt(text);
    return number >= FIRST_VERSION && number <= LAST_VERSION ? Integer.toString(number) : null;
  }

  private static long size(SettingReader reader, Path image) throws ConfigurationException {
    try {
      return Files.size(image);
    } catch (IOException e) {
      throw reader.refused(Setting.FIRMWARE_IMAGE, "it must be a file that can be read");
    }
  }
}
