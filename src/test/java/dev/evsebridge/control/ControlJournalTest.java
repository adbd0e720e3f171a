package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlJournalTest {
  private static final SerialNumber SERIAL = new SerialNumber("0F".repeat(16));
  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");
  private static final ControlMemory MEMORY =
      new ControlMemory(
          true,
          165,
          Set.of(LatchedError.CONTACTOR_WELDED, LatchedError.CONTACTOR_DISOBEYS),
          Duration.ofMinutes(3),
          Duration.ofMinutes(2),
          List.of(Duration.ofMinutes(50), Duration.ofMinutes(4)),
          812,
          1);

  private final Path folder;

  ControlJournalTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void remembersNothingOfAnUnknownCharger() throws IOException {
    assertEquals(ControlMemory.NONE, journalAt(NOON).read(SERIAL));
  }

  @Test
  void givesBackWhatItWasGiven() throws IOException {
    journalAt(NOON).write(SERIAL, MEMORY);

    assertEquals(MEMORY, journalAt(NOON).read(SERIAL));
  }

  @Test
  void letsWhatItRemembersGrowOldWhileTheBridgeIsAway() throws IOException {
    journalAt(NOON).write(SERIAL, MEMORY);

    ControlMemory later = journalAt(NOON.plusSeconds(60)).read(SERIAL);

    assertEquals(Duration.ofMinutes(4), later.openingAge());
    assertEquals(List.of(Duration.ofMinutes(51), Duration.ofMinutes(5)), later.startAges());
  }

  @Test
  void takesAnOpeningInTheFutureForOneOfNowWhenTheClockWasSetBack() throws IOException {
    journalAt(NOON).write(SERIAL, MEMORY);

    ControlMemory earlier = journalAt(NOON.minus(Duration.ofHours(1))).read(SERIAL);

    assertEquals(Duration.ZERO, earlier.openingAge());
  }

  @Test
  void leavesNoHalfWrittenFileBehind() throws IOException {
    ControlJournal journal = journalAt(NOON);
    journal.write(SERIAL, ControlMemory.NONE);
    journal.write(SERIAL, MEMORY);

    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(journal.file(SERIAL)), files.toList());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\u0000\u0000",
        "[]",
        "{\"limit_amps\":\"much\"}",
        "{\"opened\":\"yesterday\"}",
        "{\"limit_amps\":1e300}",
        "{\"starts\":[\"x\"]}"
      })
  void saysThatAFileCannotBeUnderstood(String content) throws IOException {
    ControlJournal journal = journalAt(NOON);
    Files.createDirectories(folder);
    Files.writeString(journal.file(SERIAL), content);

    assertThrows(IOException.class, () -> journal.read(SERIAL));
  }

  @Test
  void forgetsACharger() throws IOException {
    ControlJournal journal = journalAt(NOON);
    journal.write(SERIAL, MEMORY);

    journal.delete(SERIAL);

    assertEquals(ControlMemory.NONE, journal.read(SERIAL));
  }

  private ControlJournal journalAt(Instant now) {
    return new ControlJournal(folder, Clock.fixed(now, ZoneOffset.UTC));
  }
}
