package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CalibrationPointsTest {

  @Test
  void findTheLineThroughBoth() {
    String setting = CalibrationPoints.setting("current_l1=2041:0.2,2437:15.8");

    assertEquals("sensors.current_l1 = 2035.92,15600,396", setting);
    Calibration line = Calibration.parse(setting.substring(setting.indexOf('=') + 1));
    assertEquals(200, line.milli(2041), 1);
    assertEquals(15_800, line.milli(2437), 1);
  }

  @Test
  void mayComeInAnyOrderAndBeOfOneCharger() {
    assertEquals(
        "sensors.id_10BA23AB50534D53302E3120FF162332.voltage_l3 = 2040,230400,1410",
        CalibrationPoints.setting(
            "id_10BA23AB50534D53302E3120FF162332.voltage_l3 = 3450:230.4, 2040:0"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "current_l1|KEY=RAW:METER",
        "current_l4=2041:0.2,2437:15.8|KEY=RAW:METER",
        "current_l1=2041:0.2|KEY=RAW:METER",
        "current_l1=2041:0.2,2437:15.8,2500:17|KEY=RAW:METER",
        "id_12.current_l1=2041:0.2,2437:15.8|KEY=RAW:METER",
        "current_l1=2041:0.2,4095:63|4095 is no raw number",
        "current_l1=2041.5:0.2,2437:15.8|2041.5 is no raw number",
        "current_l1=-1:0.2,2437:15.8|-1 is no raw number",
        "current_l1=2041:200,2437:15800|200 is not what a meter shows in A",
        "current_l1=2041:0.2,2437:x|x is not what a meter shows in A",
        "current_l1=2041:1e1,2437:15.8|1e1 is not what",
        "voltage_l1=2041:0.0001,2437:230|0.0001 is not what a meter shows in V",
        "current_l1=2041:0.2,2041:15.8|2041 and 2041 are too close together",
        "current_l1=2041:0.2,2090:2.1|2041 and 2090 are too close together",
        "current_l1=2041:15.8,2437:0.2|must show more at the higher raw number",
        "current_l1=2041:0.2,2437:0.2|must show more at the higher raw number",
      })
  void areRefusedWithWhatIsWrong(String text, String complaint) {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> CalibrationPoints.setting(text))
                .getMessage());

    assertTrue(message.contains(complaint), message);
    assertEquals(1, message.lines().count());
  }

  @Property
  void alwaysMakeALineThatThoseSettingsTake(
      @ForAll @IntRange(max = 4000) int raw,
      @ForAll @IntRange(min = 50, max = 4094) int apart,
      @ForAll @IntRange(max = 50_000) int milliamps,
      @ForAll @IntRange(min = 1, max = 50_000) int more) {
    int other = Math.min(4094, raw + apart);
    String setting =
        CalibrationPoints.setting(
            "current_l2=%d:%d.%03d,%d:%d.%03d"
                .formatted(
                    raw,
                    milliamps / 1000,
                    milliamps % 1000,
                    other,
                    (milliamps + more) / 1000,
                    (milliamps + more) % 1000));

    Calibration line = Calibration.parse(setting.substring(setting.indexOf('=') + 1));
    assertEquals(milliamps, line.milli(raw), 10);
    assertEquals(milliamps + more, line.milli(other), 10);
  }
}
