package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Files that are read at each connection: what stands in their place may be no file any more. To
 * open a named pipe waits for ever, as a drive that is away does.
 */
class RenewedFilesTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Path folder;
  private final Path pipe;

  RenewedFilesTest(@TempDir Path folder) {
    this.folder = folder;
    pipe = folder.resolve("pipe");
  }

  @BeforeEach
  void makePipe() throws Exception {
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
  }

  @Test
  void aPasswordIsNotWaitedForInAPipe() {
    Secret secret = Secret.inFile(Setting.MQTT_PASSWORD_FILE, pipe);
    assertNamesFault(
        "mqtt.password_file", assertThrowsInTime(UncheckedIOException.class, secret::reveal));
  }

  /** Which of the files is a pipe. */
  enum Pipe {
    CA_FILE,
    CERT_FILE,
    KEY_FILE
  }

  @ParameterizedTest
  @EnumSource(Pipe.class)
  void noCertificateIsWaitedForInAPipe(Pipe which) throws Exception {
    Path key = key(pipe.resolveSibling("key.pem"));
    TlsMaterial material =
        switch (which) {
          case CA_FILE -> new TlsMaterial(pipe, null, null);
          case CERT_FILE -> new TlsMaterial(null, pipe, key);
          case KEY_FILE -> new TlsMaterial(null, key, pipe);
        };
    assertNamesFault(
        "mqtt.tls." + which.name().toLowerCase(Locale.ROOT),
        assertThrowsInTime(IOException.class, material::context));
  }

  private static Path key(Path file) throws Exception {
    byte[] key = KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate().getEncoded();
    return Files.writeString(
        file,
        "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
            .formatted(Base64.getMimeEncoder().encodeToString(key)));
  }

  @Test
  void routesAreNotSearchedForKeysInAPipe() throws IOException {
    Files.move(pipe, folder.resolve("pipe.yaml"));
    Files.writeString(folder.resolve("z.yaml"), "{{a.key}}");
    assertTimeoutPreemptively(LONG, () -> new KeysInRoutes(folder).contain("a.key"));
  }

  private static <T extends Exception> T assertThrowsInTime(Class<T> type, Executable reads) {
    return assertTimeoutPreemptively(LONG, () -> assertThrows(type, reads));
  }

  private static void assertNamesFault(String key, Exception fault) {
    String said = String.valueOf(fault.getMessage());
    assertTrue(said.contains(key) && said.contains("not a file"), said);
  }
}
