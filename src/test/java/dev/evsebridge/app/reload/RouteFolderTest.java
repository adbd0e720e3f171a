package dev.evsebridge.app.reload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.Patience;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RouteFolderTest {
  private static final int MEGABYTE = 1_000_000;
  private static final int FILES = 12;
  private static final Duration SHORT = Duration.ofMillis(100);

  private final Path folder;

  RouteFolderTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void keepsNoMoreInMemoryThanItMay() throws IOException {
    for (int i = 0; i < FILES; i++) {
      // Bytes count and not characters: each of these has two.
      write("%02d.yaml".formatted(i), "#" + "ä".repeat(MEGABYTE / 2));
    }

    List<RouteText> read = List.copyOf(new RouteFolder(folder).read().values());

    assertEquals(FILES, read.size());
    long bytes =
        read.stream().mapToLong(each -> each.text().getBytes(StandardCharsets.UTF_8).length).sum();
    assertTrue(bytes > 0 && bytes <= RouteFiles.MAX_TOTAL_BYTES, () -> bytes + " bytes");
    assertNotNull(read.get(FILES - 1).fault(), "the last one is refused");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mkdir", "mkfifo"})
  void refusesWhatIsNotAFile(String command) throws Exception {
    Path odd = folder.resolve("odd.yaml");
    assertEquals(0, new ProcessBuilder(command, odd.toString()).start().waitFor());
    write("good.yaml", "# fine");

    var read = new RouteFolder(folder).read();

    assertNotNull(text(read.get(odd)).fault());
    assertEquals("# fine", text(read.get(folder.resolve("good.yaml"))).text());
  }

  @Test
  void readsTheOthersWhileOneFileHangsAndItTooOnceItNoLongerDoes() throws IOException {
    CountDownLatch back = new CountDownLatch(1);
    Path hanging = write("1-hangs.yaml", "# hangs");
    Path other = write("2-other.yaml", "# fine");
    RealDisk disk =
        new RealDisk() {
          @Override
          public InputStream open(Path file) throws IOException {
            if (file.equals(hanging)) {
              hangUntil(back);
            }
            return super.open(file);
          }
        };
    RouteFolder routes = folderOn(disk);

    assertNotNull(text(routes.read().get(hanging)).fault());
    write("2-other.yaml", "# edited");
    assertEquals("# edited", text(routes.read().get(other)).text());
    assertNotNull(text(routes.read().get(hanging)).fault());
    assertEquals(1, disk.hung.get(), "no look may lose one more thread");

    back.countDown();
    Patience.until("it is read", () -> "# hangs".equals(textOf(routes, hanging)));
    assertNull(text(routes.read().get(hanging)).fault());
  }

  @Test
  void saysThatTheFolderCannotBeReadWhileItsListHangs() throws IOException {
    CountDownLatch back = new CountDownLatch(1);
    Path file = write("good.yaml", "# fine");
    RealDisk disk =
        new RealDisk() {
          @Override
          public List<Path> list(Path of) throws IOException {
            hangUntil(back);
            return super.list(of);
          }
        };
    RouteFolder routes = folderOn(disk);

    String first = assertThrows(IOException.class, routes::read).getMessage();
    String second = assertThrows(IOException.class, routes::read).getMessage();
    assertEquals(first, second, "what is told once must not change");
    assertEquals(1, disk.hung.get(), "no look may lose one more thread");

    back.countDown();
    Patience.until("it is read", () -> "# fine".equals(textOf(routes, file)));
  }

  private RouteFolder folderOn(RealDisk disk) {
    return new RouteFolder(folder, null, new RouteFiles(folder, disk, SHORT));
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static RouteText text(@Nullable RouteText read) {
    return Objects.requireNonNull(read, "nothing was read");
  }

  private static String textOf(RouteFolder routes, Path file) {
    try {
      return text(routes.read().get(file)).text();
    } catch (IOException hangs) {
      return "";
    }
  }

  private static class RealDisk implements RouteFiles.Disk {
    final AtomicInteger hung = new AtomicInteger();

    void hangUntil(CountDownLatch back) {
      hung.incrementAndGet();
      try {
        back.await();
      } catch (InterruptedException e) {
        // As a read from a network drive: nothing ends it.
        hangUntil(back);
      }
    }

    @Override
    public List<Path> list(Path of) throws IOException {
      try (Stream<Path> files = Files.list(of)) {
        return files.sorted().toList();
      }
    }

    @Override
    public InputStream open(Path file) throws IOException {
      return Files.newInputStream(file);
    }
  }
}
