package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A certificate authority for one test, made with the JDK's keytool; everything is handed out as
 * PEM files.
 */
public final class Certificates implements AutoCloseable {
  private static final String PASSWORD = "changeit";
  private static final String AUTHORITY = "authority";

  private final WorkDirectory directory = WorkDirectory.create("certificates");
  private int issued;

  /** A certificate with its private key, both as PEM files. */
  public record Identity(Path certificateFile, Path keyFile) {

    /** Puts another certificate and key into the same files, as an administrator renews them. */
    public void replaceWith(Identity other) {
      try {
        Files.copy(other.certificateFile, certificateFile, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(other.keyFile, keyFile, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  public Certificates() {
    generateKey(AUTHORITY, "Test Authority", "bc:c", "ku:c=keyCertSign,cRLSign");
    keytool(AUTHORITY, "-exportcert", "-rfc", "-file", file("authority.pem"));
  }

  public Path authorityFile() {
    return directory.file("authority.pem");
  }

  /**
   * A server's certificate for host names ({@code dns:localhost}) and addresses ({@code
   * ip:127.0.0.1}).
   */
  public Identity server(String... subjectAlternativeNames) {
    return issue("server", "server", "now", subjectAlternativeNames);
  }

  /** As {@link #server}, but it has been out of date for a month. */
  public Identity expiredServer(String... subjectAlternativeNames) {
    return issue("expired", "server", "-40d", subjectAlternativeNames);
  }

  public Identity client(String commonName) {
    return issue("client", commonName, "now");
  }

  @Override
  public void close() {
    directory.delete();
  }

  private Identity issue(String kind, String commonName, String from, String... names) {
    String alias = kind + "-" + ++issued;
    generateKey(alias, commonName);
    keytool(alias, "-certreq", "-file", file(alias + ".csr"));
    List<String> options =
        new ArrayList<>(
            List.of(
                "-gencert",
                "-rfc",
                "-infile",
                file(alias + ".csr"),
                "-outfile",
                file(alias + ".pem")));
    options.addAll(List.of("-startdate", from.equals("now") ? "-1d" : from, "-validity", "10"));
    if (names.length > 0) {
      options.addAll(List.of("-ext", "san=" + String.join(",", names)));
    }
    keytool(AUTHORITY, options.toArray(String[]::new));
    return new Identity(directory.file(alias + ".pem"), writeKey(alias));
  }

  private void generateKey(String alias, String commonName, String... extensions) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=" + commonName));
    options.addAll(List.of("-startdate", "-50d", "-validity", "100"));
    for (String extension : extensions) {
      options.addAll(List.of("-ext", extension));
    }
    keytool(alias, options.toArray(String[]::new));
  }

  private Path writeKey(String alias) {
    try (InputStream in = Files.newInputStream(storeOf(alias))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      Key key = store.getKey(alias, PASSWORD.toCharArray());
      String body =
          Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
              .encodeToString(key.getEncoded());
      return directory.write(
          alias + "-key.pem",
          "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private void keytool(String alias, String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.add("-J-Xshare:auto");
    command.addAll(List.of(options));
    command.addAll(List.of("-alias", alias, "-keystore", storeOf(alias).toString()));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    Path output = directory.file("keytool.log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
              .start();
      if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException("keytool failed:\n" + Files.readString(output));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Path storeOf(String alias) {
    return directory.file(alias + ".p12");
  }

  private String file(String name) {
    return directory.file(name).toString();
  }
}
