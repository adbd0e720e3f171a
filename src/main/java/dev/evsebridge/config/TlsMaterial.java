package dev.evsebridge.config;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Certificates for a secure connection, in PEM files that may be renewed at any time.
 *
 * @param caFile certificates to trust; null for those of the system
 * @param certFile the certificate to present, with its chain; null for none
 * @param keyFile its key
 */
public record TlsMaterial(@Nullable Path caFile, @Nullable Path certFile, @Nullable Path keyFile) {

  /** Netty reads PEM keys too, but none for EdDSA. */
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA");

  private static final String CERTIFICATES = "its file must hold certificates in PEM form";

  private static final String KEY =
      "its file must hold an unencrypted PKCS#8 key in PEM form ('BEGIN PRIVATE KEY'; convert others with: openssl pkcs8 -topk8 -nocrypt)";

  static @Nullable TlsMaterial read(URI broker, SettingReader reader)
      throws ConfigurationException {
    Path caFile = reader.readableFile(Setting.MQTT_TLS_CA_FILE);
    Path certFile = reader.readableFile(Setting.MQTT_TLS_CERT_FILE);
    Path keyFile = reader.readableFile(Setting.MQTT_TLS_KEY_FILE);
    boolean secure = "ssl".equals(broker.getScheme()) || "wss".equals(broker.getScheme());
    if (!secure) {
      refuseUnused(caFile, Setting.MQTT_TLS_CA_FILE, reader);
      refuseUnused(certFile, Setting.MQTT_TLS_CERT_FILE, reader);
      refuseUnused(keyFile, Setting.MQTT_TLS_KEY_FILE, reader);
      return null;
    }
    if (certFile == null && keyFile != null) {
      throw reader.refused(Setting.MQTT_TLS_KEY_FILE, "mqtt.tls.cert_file must be set as well");
    }
    if (certFile != null && keyFile == null) {
      throw reader.refused(Setting.MQTT_TLS_CERT_FILE, "mqtt.tls.key_file must be set as well");
    }
    TlsMaterial material = new TlsMaterial(caFile, certFile, keyFile);
    try {
      SSLContext unused = material.context();
    } catch (UnusableFileException e) {
      throw reader.refused(e.setting, e.allowed);
    } catch (IOException e) {
      throw new ConfigurationException(
          "The TLS settings (mqtt.tls.*) can't be used: " + e.getMessage());
    }
    return material;
  }

  private static void refuseUnused(@Nullable Path file, Setting setting, SettingReader reader)
      throws ConfigurationException {
    if (file != null) {
      throw reader.refused(setting, "it has no effect unless mqtt.broker is ssl:// or wss://");
    }
  }

  /**
   * Reads the files anew.
   *
   * @throws IOException when one of them can't be used; the message names its setting
   */
  public SSLContext context() throws IOException {
    SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
    if (caFile != null) {
      builder.trustManager(certificates(caFile, Setting.MQTT_TLS_CA_FILE));
    }
    if (certFile != null && keyFile != null) {
      builder.keyManager(privateKey(keyFile), certificates(certFile, Setting.MQTT_TLS_CERT_FILE));
    }
    return ((JdkSslContext) builder.build()).context();
  }

  private static X509Certificate[] certificates(Path file, Setting setting) throws IOException {
    try (InputStream pem = new ByteArrayInputStream(TextFile.bytes(file))) {
      X509Certificate[] certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(pem).stream()
              .map(X509Certificate.class::cast)
              .toArray(X509Certificate[]::new);
      if (certificates.length > 0) {
        return certificates;
      }
    } catch (CertificateException e) {
      throw new UnusableFileException(setting, CERTIFICATES, e);
    } catch (IOException e) {
      throw new UnusableFileException(
          setting, "it must be a file that can be read" + TextFile.why(e), e);
    }
    throw new UnusableFileException(setting, CERTIFICATES, null);
  }

  private static PrivateKey privateKey(Path file) throws IOException {
    Setting setting = Setting.MQTT_TLS_KEY_FILE;
    String pem;
    try {
      pem = TextFile.content(file);
    } catch (IOException e) {
      throw new UnusableFileException(
          setting, "its file must be text that can be read" + TextFile.why(e), e);
    }
    Matcher matcher = PRIVATE_KEY.matcher(pem);
    if (!matcher.find()) {
      throw new UnusableFileException(setting, KEY, null);
    }
    PKCS8EncodedKeySpec encoded;
    try {
      encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(matcher.group(1)));
    } catch (IllegalArgumentException e) {
      throw new UnusableFileException(setting, KEY, e);
    }
    for (String algorithm : KEY_ALGORITHMS) {
      PrivateKey key = decode(encoded, algorithm);
      if (key != null) {
        return key;
      }
    }
    throw new UnusableFileException(setting, KEY, null);
  }

  /** The PEM form does not tell the algorithm: each is tried. */
  private static @Nullable PrivateKey decode(PKCS8EncodedKeySpec encoded, String algorithm) {
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
    } catch (InvalidKeySpecException e) {
      return null;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A file that is not what its setting wants. */
  private static final class UnusableFileException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Setting setting;
    private final String allowed;

    UnusableFileException(Setting setting, String allowed, @Nullable Exception cause) {
      // The cause's own words would only confuse.
      super(setting.key() + ": " + allowed);
      this.setting = setting;
      this.allowed = allowed;
      if (cause != null) {
        addSuppressed(cause);
      }
    }
  }
}
