package dev.evsebridge.app.reload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouteFolderTest {
  private static final int MEGABYTE = 1_000_000;
  private static final int FILES = 12;

  @Test
  void keepsNoMoreInMemoryThanItMay(@TempDir Path folder) throws IOException {
    for (int i = 0; i < FILES; i++) {
      Path unused =
          Files.writeString(folder.resolve("%02d.yaml".formatted(i)), "#".repeat(MEGABYTE));
    }

    List<RouteText> read = List.copyOf(new RouteFolder(folder).read().values());

    assertEquals(FILES, read.size());
    long bytes = read.stream().mapToLong(each -> each.text().length()).sum();
    assertTrue(bytes > 0 && bytes <= RouteFolder.MAX_TOTAL_BYTES, () -> bytes + " bytes");
    assertNotNull(read.get(FILES - 1).fault(), "the last one is refused");
  }
}
