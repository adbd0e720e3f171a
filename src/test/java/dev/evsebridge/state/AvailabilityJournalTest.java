package dev.evsebridge.state;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvailabilityJournalTest {
  private final Path folder;
  private final Path file;

  AvailabilityJournalTest(@TempDir Path parent) {
    folder = parent.resolve("state");
    file = folder.resolve("online.txt");
  }

  @Test
  void knowsAfterACrashWhoWasOnline() {
    AvailabilityJournal crashed = open();
    crashed.add("Garage – дом");
    crashed.add("b");
    crashed.add("c");
    crashed.remove("b");

    try (AvailabilityJournal journal = open()) {
      assertEquals(Set.of("Garage – дом", "c"), journal.online());
    }
  }

  @Test
  void ignoresALineThatTheCrashHasCutOff() throws IOException {
    Files.createDirectories(folder);
    Files.writeString(file, "+a\n+b\n-a\n+");

    try (AvailabilityJournal journal = open()) {
      assertEquals(Set.of("b"), journal.online());
    }
  }

  @Test
  void writesEachChangeOnceAndAtOnce() throws IOException {
    try (AvailabilityJournal journal = open()) {
      journal.add("a");
      journal.add("a");
      journal.remove("x");
      assertEquals("+a\n", Files.readString(file));

      journal.remove("a");
      assertEquals("+a\n-a\n", Files.readString(file));
    }
  }

  @Test
  void isShortAgainAfterAStart() throws IOException {
    AvailabilityJournal crashed = open();
    crashed.add("a");
    crashed.remove("a");
    crashed.add("b");

    try (AvailabilityJournal journal = open()) {
      assertEquals("+b\n", Files.readString(file));
      assertEquals(Set.of("b"), journal.online());
    }
  }

  @Test
  void doesNotGrowForEver() throws IOException {
    try (AvailabilityJournal journal = open()) {
      journal.add("stays");
      for (int i = 0; i < 2_000; i++) {
        journal.add("comes and goes");
        journal.remove("comes and goes");
      }

      assertTrue(Files.readAllLines(file).size() <= 1_100);
    }
    try (AvailabilityJournal journal = open()) {
      assertEquals(Set.of("stays"), journal.online());
    }
  }

  @Test
  void worksWithoutAFileWhereItCannotWrite() throws IOException {
    Files.writeString(folder, "a file stands where the folder should be");

    try (AvailabilityJournal journal = open()) {
      journal.add("a");
      assertEquals(Set.of("a"), journal.online());
      journal.remove("a");
      assertEquals(Set.of(), journal.online());
    }
  }

  @Test
  void writesEverythingOnceItCanBeWritten() throws IOException {
    Files.writeString(folder, "a file stands where the folder should be");
    try (AvailabilityJournal journal = open()) {
      journal.add("a");
      journal.add("b");
      journal.remove("a");
      journal.mend();
      Files.delete(folder);

      journal.mend();
      assertEquals("+b\n", Files.readString(file));
      journal.add("c");
      journal.mend();
      assertEquals("+b\n+c\n", Files.readString(file));
    }
  }

  @Test
  void writesNothingOverAFileThatCannotBeRead() throws IOException {
    Files.createDirectories(folder);
    Path target = Path.of("/proc/self/mem");
    Path unused = Files.createSymbolicLink(file, target);

    try (AvailabilityJournal journal = open()) {
      journal.add("a");
      journal.mend();
      assertEquals(Set.of("a"), journal.online());
    }
    assertEquals(target, Files.readSymbolicLink(file));
  }

  @Test
  void startsEmptyFromAFileThatIsNoText() throws IOException {
    Files.createDirectories(folder);
    Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});

    try (AvailabilityJournal journal = open()) {
      journal.add("a");
      assertEquals(Set.of("a"), journal.online());
    }
  }

  @Test
  void losesOnlyTheLineThatIsSpoilt() throws IOException {
    Files.createDirectories(folder);
    Files.write(file, "+a\n+b?\n+c\n+half".replace('?', '\u00ff').getBytes(ISO_8859_1));

    try (AvailabilityJournal journal = open()) {
      assertEquals(Set.of("a", "c"), journal.online());
      journal.add("d");
    }
    try (AvailabilityJournal journal = open()) {
      assertEquals(Set.of("a", "c", "d"), journal.online());
    }
  }

  private AvailabilityJournal open() {
    AvailabilityJournal journal = new AvailabilityJournal(file);
    journal.open();
    return journal;
  }
}
