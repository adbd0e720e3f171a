package dev.evsebridge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class EchoTest {

  @Test
  void leavesTextsOfAllLanguagesAsTheyAre() {
    String text = "Ladeboks øst – дом 车库 🚗";

    assertEquals(text, Echo.printable(text, 100));
    assertEquals(text, Echo.sentBack(text));
  }

  @Test
  void escapesWhatCannotBeSeenOrChangesWhatIsRead() {
    assertEquals(
        "a\\u000A\\u009Bb\\u2028\\u202Ec\\uFEFF\\u007F\\uD800",
        Echo.printable("a\n\u009Bb\u2028\u202Ec\uFEFF\u007F\uD800", 100));
  }

  @Test
  void cutsALongTextButNoCharacterInTwo() {
    assertEquals("x".repeat(128) + "…", Echo.sentBack("x".repeat(129)));
    assertEquals("x".repeat(127) + "…", Echo.sentBack("x".repeat(127) + "🚗"));
    assertEquals("abc…", Echo.printable("abcd", 3));
  }
}
