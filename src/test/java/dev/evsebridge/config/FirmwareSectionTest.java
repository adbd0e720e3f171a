package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirmwareSectionTest {
  private final ConfigurationFolder folder;
  private final Path image;

  FirmwareSectionTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
    this.image = folder.resolve("image.bin");
  }

  @Test
  void hasNoImageByDefault() throws ConfigurationException {
    assertEquals(new FirmwareKeys(Optional.empty(), Optional.empty()), folder.read().firmware());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 126_976})
  void takesAnImageOfASizeThatFits(int bytes) throws Exception {
    Files.write(image, new byte[bytes]);
    folder.properties("firmware.image = " + image, "firmware.version = 010");

    assertEquals(new FirmwareKeys(Optional.of(image), Optional.of("10")), folder.read().firmware());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 126_977})
  void refusesAnImageOfAnotherSize(int bytes) throws IOException {
    Files.write(image, new byte[bytes]);
    folder.properties("firmware.image = " + image);

    assertEquals(
        "firmware.image = '%s' (from %s): an image has 1 to 126976 bytes, and this file has %d"
            .formatted(image, folder.path("application.properties"), bytes),
        folder.refusal());
  }

  @Test
  void refusesAnImageThatIsNotThere() {
    folder.properties("firmware.image = nowhere.bin");

    assertEquals(
        "firmware.image = 'nowhere.bin' (from %s): it must be a file that can be read"
            .formatted(folder.path("application.properties")),
        folder.refusal());
  }

  @ParameterizedTest
  @CsvSource({"1", "256", "v9", "9.1", "-3"})
  void refusesAVersionThatNoChargerReports(String version) throws IOException {
    Files.write(image, new byte[4]);
    folder.properties("firmware.image = " + image, "firmware.version = " + version);

    assertEquals(
        "firmware.version = '%s' (from %s): it must be the number that a charger with this image reports, 2 to 255"
            .formatted(version, folder.path("application.properties")),
        folder.refusal());
  }

  @Test
  void refusesAVersionOfNoImage() {
    folder.properties("firmware.version = 10");

    assertEquals(
        "firmware.version = '10' (from %s): firmware.image must be set as well"
            .formatted(folder.path("application.properties")),
        folder.refusal());
  }
}
