package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerJournal.Batch;
import dev.evsebridge.state.ChargerJournal.Content;
import dev.evsebridge.state.Remembered.Former;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChargerJournalTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00.123Z");
  private static final Remembered ONE = charger("01", "Garage", 1_234_567.891);
  private static final Remembered TWO = charger("02", "Höhe 2 \"x\"", 2.5);

  private final Path file;

  ChargerJournalTest(@TempDir Path folder) {
    file = folder.resolve("state").resolve("chargers.txt");
  }

  private static Remembered charger(String serial, String name, double wattHours) {
    return new Remembered(
        new SerialNumber(serial.repeat(16)),
        "root",
        name,
        9,
        NOON,
        NOON.minusSeconds(3_600),
        new Metered(
            wattHours,
            false,
            NOON,
            new ChargingSession(NOON, null, wattHours, null, 1_234, 567, null),
            new ChargingSession(NOON, NOON, null, 0.1 + 0.2, 3, 4, ChargingSession.UNPLUGGED)));
  }

  @Test
  void holdsNothingAtFirst() throws IOException {
    assertEquals(Content.EMPTY, read());
  }

  @Test
  void givesBackWhatWasWritten() throws IOException {
    Set<Former> former = Set.of(new Former("old root", "Carport"));
    write(new Batch("root", List.of(ONE, TWO), Set.of(), former, true));

    assertEquals(new Content("root", List.of(ONE, TWO), former, true), read());
  }

  @Test
  void keepsWhatDoesNotChangeAndForgetsWhatIsToBeForgotten() throws IOException {
    write(batch(ONE, TWO));
    ChargerJournal next = new ChargerJournal(file);
    next.read();
    Remembered more = charger("02", "Carport", 3);
    next.write(batch(more));
    assertEquals(List.of(ONE, more), read().chargers());

    next.write(new Batch("root", List.of(), Set.of(ONE.serial()), Set.of(), false));

    assertEquals(new Content("root", List.of(more), Set.of(), false), read());
  }

  @Test
  void takesALineThatIsAsLongAsTheOneBefore() throws IOException {
    ChargerJournal journal = new ChargerJournal(file);
    journal.write(batch(ONE, TWO));
    Remembered more = charger("02", "Höhe 2 \"x\"", 3.5);

    journal.write(batch(more));

    assertEquals(List.of(ONE, more), read().chargers());
  }

  /** Whatever is done to one line, the second copy of it is there. */
  @Test
  void losesNothingWithOneSpoiltLine() throws IOException {
    write(batch(ONE, TWO));
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      for (String spoilt : List.of("", "\0\0\0\0", lines.get(i).replace('2', '3'), "journal")) {
        List<String> other = new ArrayList<>(lines);
        other.set(i, spoilt);
        Files.write(file, other);
        Content content = read();
        assertEquals(Set.of(ONE, TWO), Set.copyOf(content.chargers()));
        assertFalse(content.incomplete());
      }
    }
  }

  @Test
  void knowsWhoseEnergyIsLostWhenBothLinesAreSpoilt() throws IOException {
    write(batch(ONE, TWO));
    Files.writeString(file, Files.readString(file).replace("1234567.891", "1.891"));

    Content content = read();

    assertEquals(Set.of(ONE.serial(), TWO.serial()), serials(content));
    Remembered lost =
        content.chargers().stream()
            .filter(each -> each.serial().equals(ONE.serial()))
            .findFirst()
            .orElseThrow();
    assertEquals(Metered.LOST, lost.metered());
    assertTrue(content.chargers().contains(TWO));
  }

  private static Set<SerialNumber> serials(Content content) {
    return Set.copyOf(content.chargers().stream().map(Remembered::serial).toList());
  }

  @Test
  void knowsThatSomebodyIsMissingWhenNoLineSaysWho() throws IOException {
    write(batch(ONE, TWO));
    Files.write(
        file,
        Files.readAllLines(file).stream()
            .filter(line -> !line.startsWith(ONE.serial().hex()))
            .toList());
    assertEquals(new Content("root", List.of(TWO), Set.of(), true), read());

    Files.write(file, new byte[0]);
    assertTrue(read().incomplete());
  }

  @Test
  void neverGivesAWrongNumberWhateverIsSpoilt() throws IOException {
    write(batch(ONE, TWO));
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      byte[] bad =
          random.nextBoolean()
              ? good.clone()
              : java.util.Arrays.copyOf(good, random.nextInt(good.length));
      for (int flips = random.nextInt(20); flips > 0 && bad.length > 0; flips--) {
        bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, bad);
      Content content = read();
      for (Remembered each : content.chargers()) {
        assertTrue(
            each.equals(ONE) || each.equals(TWO) || each.metered().equals(Metered.LOST),
            () -> new String(bad, StandardCharsets.ISO_8859_1));
      }
      assertTrue(content.chargers().size() >= 2 || content.incomplete());
    }
  }

  @Test
  void saysSoWhenItCantBeRead() throws IOException {
    Files.createDirectories(file);
    assertThrows(IOException.class, this::read);
  }

  private static Batch batch(Remembered... changed) {
    return new Batch("root", List.of(changed), Set.of(), Set.of(), false);
  }

  private void write(Batch batch) throws IOException {
    new ChargerJournal(file).write(batch);
  }

  private Content read() throws IOException {
    return new ChargerJournal(file).read();
  }
}
