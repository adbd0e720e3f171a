package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.config.SensorKeys.Line;
import dev.evsebridge.message.SerialNumber;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SensorSectionTest {
  private static final SerialNumber SERIAL = new SerialNumber("10BA23AB50534D53302E3120FF162332");
  private static final List<Optional<Line>> NONE = Collections.nCopies(3, Optional.empty());

  private final ConfigurationFolder folder;

  SensorSectionTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @Test
  void guessesNothing() throws ConfigurationException {
    assertEquals(new SensorKeys(NONE, NONE), folder.read().sensors().of(SERIAL));
  }

  @Test
  void readsALineForEachPhase() throws ConfigurationException {
    folder.properties(
        "sensors.current_l1 = 0,1,2",
        "sensors.current_l3 = -12.5 , 3.25 , 4",
        "sensors.voltage_l2 = 100,230000,3900");

    assertEquals(
        new SensorKeys(
            List.of(
                Optional.of(new Line(0, 1, 2)),
                Optional.empty(),
                Optional.of(new Line(-12.5, 3.25, 4))),
            List.of(
                Optional.empty(), Optional.of(new Line(100, 230_000, 3_900)), Optional.empty())),
        folder.read().sensors().general());
  }

  @Test
  void readsTheLinesOfOneCharger() throws ConfigurationException {
    folder.toml(
        "[sensors]",
        "current_l1 = '1,2,3'",
        "current_l2 = '1,2,3'",
        "[sensors.id_" + SERIAL + "]",
        "current_l1 = [4, 5.5, 6]",
        "current_l2 = ''");
    folder.variable("SENSORS_ID_" + SERIAL + "_VOLTAGE_L1", "7,8,9");

    SensorKeys own = folder.read().sensors().of(SERIAL);

    assertEquals(Optional.of(new Line(4, 5.5, 6)), own.currents().get(0));
    assertEquals(Optional.empty(), own.currents().get(1));
    assertEquals(Optional.of(new Line(7, 8, 9)), own.voltages().get(0));
    assertEquals(
        Optional.of(new Line(1, 2, 3)), folder.read().sensors().general().currents().get(0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1", "1,2", "1,2,3,4", "1;2;3", "a,b,c", "1,0,3", "1,2,0", "1,-2,3", "1,2,-3", ",,"
      })
  void refusesWhatIsNoLine(String value) {
    folder.properties("sensors.voltage_l3 = " + value);

    assertEquals(
        "sensors.voltage_l3 = '%s' (from %s): it must be offset,slope,divider: three numbers, slope and divider above 0"
            .formatted(value, folder.path("application.properties")),
        folder.refusal());
  }
}
