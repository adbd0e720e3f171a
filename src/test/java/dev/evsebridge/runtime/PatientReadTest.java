package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.runtime.PatientRead.NotReadException;
import dev.evsebridge.testkit.Patience;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatientReadTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final byte[] CONTENT = {1, 2, 3};

  private final Path file;

  PatientReadTest(@TempDir Path folder) {
    file = folder.resolve("file");
  }

  @Test
  void readsAFileAnewEachTime() throws IOException {
    Files.write(file, CONTENT);
    assertArrayEquals(CONTENT, PatientRead.upTo(CONTENT.length, file));
    Files.write(file, new byte[] {4});
    assertArrayEquals(new byte[] {4}, PatientRead.upTo(CONTENT.length, file));
  }

  @Test
  void refusesAFileThatIsTooLong() throws IOException {
    Files.write(file, CONTENT);
    Exception refusal = assertThrows(NotReadException.class, () -> PatientRead.upTo(2, file));
    assertTrue(String.valueOf(refusal.getMessage()).contains("3 bytes"), refusal::toString);
  }

  @Test
  void passesOnWhatTheSystemSays() {
    assertThrows(NoSuchFileException.class, () -> PatientRead.upTo(1, file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mkdir", "mkfifo"})
  void refusesWhatIsNotAFile(String command) throws Exception {
    assertEquals(0, new ProcessBuilder(command, file.toString()).start().waitFor());

    Exception refusal =
        assertTimeoutPreemptively(
            LONG, () -> assertThrows(NotReadException.class, () -> PatientRead.upTo(1, file)));

    assertTrue(String.valueOf(refusal.getMessage()).contains("not a file"), refusal::toString);
  }

  @Test
  void waitsNoLongerThanItsPatienceBeginsNoOtherReadAndReadsOnceTheDriveIsBack() throws Exception {
    Files.write(file, CONTENT);
    CountDownLatch back = new CountDownLatch(1);
    AtomicInteger opened = new AtomicInteger();
    PatientRead reads =
        new PatientRead(
            opening -> {
              opened.incrementAndGet();
              return hangUntil(back);
            },
            SHORT);
    assertTimeoutPreemptively(
        LONG,
        () -> {
          for (int i = 0; i < 10; i++) {
            assertThrows(NotReadException.class, () -> reads.read(CONTENT.length, file));
          }
        });
    assertEquals(1, opened.get());

    back.countDown();
    Patience.until("it is read again", () -> isRead(reads));
  }

  private boolean isRead(PatientRead reads) {
    try {
      return reads.read(CONTENT.length, file).length == CONTENT.length;
    } catch (IOException e) {
      return false;
    }
  }

  private static InputStream hangUntil(CountDownLatch back) throws IOException {
    try {
      back.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
    return new ByteArrayInputStream(CONTENT);
  }
}
