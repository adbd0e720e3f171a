package dev.evsebridge.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerialNumberTest {
  private static final String HEX = "10BA23AB50534D53302E3120FF162332";

  @Test
  void writesItsBytesAsUpperCaseHex() {
    assertEquals(HEX, SerialNumber.of(HexFormat.of().parseHex(HEX)).hex());
    assertEquals(HEX, new SerialNumber(HEX).toString());
  }

  @Test
  void readsWhatPeopleWriteInEitherCase() {
    assertEquals(new SerialNumber(HEX), SerialNumber.parse("10ba23ab50534d53302e3120ff162332"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10BA23AB50534D53302E3120FF16233",
        "10BA23AB50534D53302E3120FF1623321",
        "10BA23AB50534D53302E3120FF16233G",
        "10BA23AB50534D53302E3120FF162332\n",
        "١٠BA23AB50534D53302E3120FF162332",
      })
  void refusesWhatIsNot32HexDigits(String text) {
    assertFalse(SerialNumber.isSerialNumber(text));
    assertThrows(IllegalArgumentException.class, () -> SerialNumber.parse(text));
  }

  @Test
  void refusesTheWrongNumberOfBytes() {
    assertThrows(IllegalArgumentException.class, () -> SerialNumber.of(new byte[15]));
    assertThrows(IllegalArgumentException.class, () -> SerialNumber.of(new byte[17]));
  }

  @Test
  void isExactAboutTheCaseOfItsOwnForm() {
    assertTrue(SerialNumber.isSerialNumber(HEX));
    assertFalse(SerialNumber.isSerialNumber("10ba23ab50534d53302e3120ff162332"));
  }
}
