package dev.evsebridge.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChargerRequestTest {

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 99, 100})
  void takesADutyCycleOf0To100Percent(int percent) {
    assertEquals(percent, new SetPwmPercent("x", percent).percent());
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 101, 255, Integer.MAX_VALUE})
  void refusesAnyOtherDutyCycle(int percent) {
    assertThrows(IllegalArgumentException.class, () -> new SetPwmPercent("x", percent));
  }
}
