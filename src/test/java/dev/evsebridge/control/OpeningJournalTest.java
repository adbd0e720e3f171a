package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpeningJournalTest {
  private static final Instant NOW = Instant.parse("2026-11-26T11:30:05Z");
  private static final SerialNumber FIRST = new SerialNumber("01".repeat(16));
  private static final SerialNumber SECOND = new SerialNumber("02".repeat(16));

  private final Path folder;

  OpeningJournalTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void remembersNothingAtFirst() {
    assertEquals(Map.of(), journal(NOW).read());
  }

  @Test
  void remembersTheOpeningsOfTheLastTenSeconds() throws IOException {
    Files.createDirectories(file().getParent());
    OpeningJournal journal = journal(NOW);
    journal.opened(FIRST);
    journal.opened(SECOND);
    journal.opened(SECOND);
    journal.close();

    assertEquals(
        Map.of(FIRST, Duration.ofSeconds(3), SECOND, Duration.ofSeconds(3)),
        journal(NOW.plusSeconds(3)).read());
  }

  @Test
  void countsAnOpeningInTheFutureAsNow() {
    OpeningJournal journal = journal(NOW);
    journal.opened(FIRST);
    journal.close();

    assertEquals(Map.of(FIRST, Duration.ZERO), journal(NOW.minusSeconds(3_600)).read());
  }

  @Test
  void startsWithoutAFileThatItDoesNotUnderstand() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), FIRST.hex() + " yesterday\n");

    assertEquals(Map.of(), journal(NOW).read());
  }

  @Test
  void goesOnWhereItCannotWrite() throws IOException {
    Files.writeString(file().getParent(), "a file where the folder should be");
    OpeningJournal journal = journal(NOW);

    journal.opened(FIRST);
    journal.close();

    assertEquals(Map.of(), journal(NOW).read());
  }

  private OpeningJournal journal(Instant now) {
    return new OpeningJournal(file(), Clock.fixed(now, ZoneOffset.UTC));
  }

  private Path file() {
    return folder.resolve("state").resolve("openings.txt");
  }
}
