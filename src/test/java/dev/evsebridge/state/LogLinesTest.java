package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLinesTest {
  private static final Instant READ_AT = Instant.parse("2026-11-26T12:00:00.500Z");
  private static final long UPTIME = 60_000;

  private final LogLines lines = new LogLines();

  @Test
  void tellsWhenALineWasWrittenByItsUptime() {
    assertEquals(
        List.of(
            new LogLine("2026-11-26T11:59:30.500Z", 30_000L, "PWM percent updated to 26"),
            new LogLine("2026-11-26T12:00:00.500Z", 60_000L, "Bye")),
        lines.read("30000: PWM percent updated to 26\0" + "60000: Bye\0", READ_AT, UPTIME));
  }

  @Test
  void takesALineWithoutUptimeWhole() {
    assertEquals(
        List.of(new LogLine("2026-11-26T12:00:00.500Z", null, "rst cause:2, boot mode")),
        lines.read("rst cause:2, boot mode\0", READ_AT, UPTIME));
    assertEquals(List.of("null 99999999999: x"), read("99999999999: x\0"));
    assertEquals(List.of("null -1: x"), read("-1: x\0"));
  }

  @Test
  void doesNotPutALineIntoTheFuture() {
    assertEquals(
        List.of(new LogLine("2026-11-26T12:00:00.500Z", 70_000L, "x")),
        lines.read("70000: x\0", READ_AT, UPTIME));
  }

  @Test
  void joinsWhatWasCutOffInTheMiddle() {
    assertEquals(List.of("1 one"), read("1: one\0" + "2: tw"));
    assertEquals(List.of(), read("o and a"));
    assertEquals(List.of("2 two and a half"), read(" half\0"));
    assertEquals(List.of(), lines.end());
  }

  @Test
  void takesWhatNothingGoesOnWithAsWhole() {
    assertEquals(List.of(), read("1: one"));
    assertEquals(List.of("1 one", "2 two"), read("2: two\0"));
    assertEquals(List.of(), read("3: three"));
    assertEquals(List.of("3 three"), read(""));
    assertEquals(List.of(), read("4: four"));
    assertEquals(List.of("4 four"), lines.end().stream().map(LogLinesTest::words).toList());
  }

  @Test
  void leavesOutWhatIsEmptyAndControlCharacters() {
    assertEquals(List.of(), read("\0\0\r\n \0"));
    assertEquals(List.of("1 a b", "2 c", "null d"), read("\0" + "1: a\tb\0\0" + "2: c\r\nd\0"));
    assertEquals(List.of("null \uFFFD"), read("\uFFFD\u0001\0"));
  }

  @Test
  void isBounded() {
    assertEquals(200, read("x\0".repeat(5_000)).size());
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.addAll(read("x".repeat(1_000)));
    }
    assertTrue(all.stream().allMatch(line -> line.length() < 3_100));
    assertEquals(20_000 / 3_000, all.size());
  }

  @Test
  void givesTheSameLinesHoweverTheyAreCut() {
    String log = "10: abc\0" + "20: Wi-Fi is back\0" + "boot\0" + "30: at last\0";
    List<String> whole =
        new LogLines().read(log, READ_AT, UPTIME).stream().map(LogLinesTest::words).toList();
    for (int i = 0; i < log.length(); i++) {
      LogLines each = new LogLines();
      List<String> cut = new ArrayList<>();
      for (String part : List.of(log.substring(0, i), log.substring(i))) {
        each.read(part, READ_AT, UPTIME).forEach(line -> cut.add(words(line)));
      }
      assertEquals(whole, cut, "cut at " + i);
    }
  }

  private List<String> read(String log) {
    return lines.read(log, READ_AT, UPTIME).stream().map(LogLinesTest::words).toList();
  }

  private static String words(LogLine line) {
    return line.uptimeMilliseconds() + " " + line.text();
  }
}
