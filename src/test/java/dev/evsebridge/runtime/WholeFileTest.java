package dev.evsebridge.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
  @Test
  void replacesAllOfALongerFileAndLeavesNothingElse(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("journal.txt");
    WholeFile.replace(file, "what was there before".getBytes(UTF_8));
    WholeFile.replace(file, "new".getBytes(UTF_8));

    assertEquals("new", Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void leavesTheFileAsItWasWhenTheNewOneCannotBeWritten(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("journal.txt");
    WholeFile.replace(file, "old".getBytes(UTF_8));
    Files.createDirectory(folder.resolve("journal.txt.new"));

    assertThrows(IOException.class, () -> WholeFile.replace(file, "new".getBytes(UTF_8)));
    assertEquals("old", Files.readString(file));
  }

  @Test
  void leavesNoPartOfAFileForWhichThereIsNoRoom(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("journal.txt");
    WholeFile.replace(file, "old".getBytes(UTF_8));
    Path full = folder.resolve("journal.txt.new");
    Path unused = Files.createSymbolicLink(full, Path.of("/dev/full"));

    assertThrows(IOException.class, () -> WholeFile.replace(file, "new".getBytes(UTF_8)));
    assertEquals("old", Files.readString(file));
    assertFalse(Files.exists(full, LinkOption.NOFOLLOW_LINKS));
  }
}
