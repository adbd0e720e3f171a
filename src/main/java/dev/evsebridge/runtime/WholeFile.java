package dev.evsebridge.runtime;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files of which a reader, also after a power cut, finds the old content or the new one. */
public final class WholeFile {

  private static final int BUFFER_BYTES = 64 * 1024;

  private WholeFile() {}

  /** Writes what a file is to hold. */
  @FunctionalInterface
  public interface Content {

    /** Writes all of it; need not flush. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Replaces a file. Its content is on the disk when this returns.
   *
   * @param file in a folder that exists; the same name with {@code .new} after it is used as well
   * @throws IOException if that can't be done; the file is as it was then
   */
  public static void replace(Path file, byte[] content) throws IOException {
    replace(file, out -> out.write(content));
  }

  /**
   * The same for what is long: it need not be in memory as a whole.
   *
   * @param file in a folder that exists; the same name with {@code .new} after it is used as well
   * @throws IOException if that can't be done; the file is as it was then
   */
  public static void replace(Path file, Content content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      write(fresh, content);
    } catch (IOException e) {
      // On a full disk, half a file would take the room that something else needs.
      boolean unused = Files.deleteIfExists(fresh);
      throw e;
    }
    Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void write(Path fresh, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }
}
