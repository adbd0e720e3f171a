package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {
  @Test
  void convertsARawPeak() {
    Calibration calibration = Calibration.parse("1000, 15.5 ,2");

    assertEquals(new Calibration(1000, 15.5, 2), calibration);
    assertEquals(7_750, calibration.milli(2_000));
    assertEquals(0, calibration.milli(900));
    assertEquals(Integer.MAX_VALUE, calibration.milli(4_294_967_295L));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "1,2", "1,2,3,4", "a,1,1", "1,0,1", "1,1,0", "1,-1,1", "NaN,1,1", "1,1e3,1", "1,,1",
        "1,1d,1"
      })
  void refusesWhatIsNoCalibration(String text) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> Calibration.parse(text));

    assertTrue(refusal.toString().contains("offset,slope,divider"), refusal.toString());
  }

  @Test
  void knowsNothingOfPhasesThatAreNotCalibrated() {
    PhaseValues values =
        new PhaseCalibration(Bench.PLAIN, null, Bench.PLAIN).values(1_000, 2_000, 3_000);

    assertEquals(1_000, values.l1());
    assertNull(values.l2());
    assertEquals(3_000, values.l3());
  }
}
