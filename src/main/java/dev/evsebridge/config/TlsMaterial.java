package dev.evsebridge.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Certificates for a secure connection, from PEM files.
 *
 * @param context trusts the given CA, or those of the system, and presents the client certificate
 */
public record TlsMaterial(SSLContext context) {

  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
  private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA");
  private static final char[] NO_PASSWORD = {};

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
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          certFile == null || keyFile == null ? null : keyManagers(certFile, keyFile, reader),
          caFile == null ? null : trustManagers(caFile, reader),
          null);
      return new TlsMaterial(context);
    } catch (GeneralSecurityException | IOException e) {
      throw new ConfigurationException(
          "The TLS settings (mqtt.tls.*) can't be used: " + e.getMessage());
    }
  }

  private static void refuseUnused(@Nullable Path file, Setting setting, SettingReader reader)
      throws ConfigurationException {
    if (file != null) {
      throw reader.refused(setting, "it has no effect unless mqtt.broker is ssl:// or wss://");
    }
  }

  private static TrustManager[] trustManagers(Path caFile, SettingReader reader)
      throws GeneralSecurityException, IOException, ConfigurationException {
    KeyStore store = emptyStore();
    int number = 0;
    for (Certificate certificate : certificates(caFile, Setting.MQTT_TLS_CA_FILE, reader)) {
      store.setCertificateEntry("ca-" + number++, certificate);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager[] keyManagers(Path certFile, Path keyFile, SettingReader reader)
      throws GeneralSecurityException, IOException, ConfigurationException {
    Certificate[] chain =
        certificates(certFile, Setting.MQTT_TLS_CERT_FILE, reader).toArray(new Certificate[0]);
    KeyStore store = emptyStore();
    store.setKeyEntry("client", privateKey(keyFile, reader), NO_PASSWORD, chain);
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  private static Collection<? extends Certificate> certificates(
      Path file, Setting setting, SettingReader reader) throws ConfigurationException {
    byte[] pem = reader.content(setting, file).getBytes(StandardCharsets.US_ASCII);
    try {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem));
      if (!certificates.isEmpty()) {
        return certificates;
      }
    } catch (CertificateException e) {
      throw reader.refused(setting, "its file must hold certificates in PEM form");
    }
    throw reader.refused(setting, "its file must hold certificates in PEM form");
  }

  private static PrivateKey privateKey(Path file, SettingReader reader)
      throws ConfigurationException, GeneralSecurityException {
    String allowed =
        "its file must hold an unencrypted PKCS#8 key in PEM form ('BEGIN PRIVATE KEY'; convert others with: openssl pkcs8 -topk8 -nocrypt)";
    Matcher matcher = PRIVATE_KEY.matcher(reader.content(Setting.MQTT_TLS_KEY_FILE, file));
    if (!matcher.find()) {
      throw reader.refused(Setting.MQTT_TLS_KEY_FILE, allowed);
    }
    byte[] encoded;
    try {
      encoded = Base64.getMimeDecoder().decode(matcher.group(1));
    } catch (IllegalArgumentException e) {
      throw reader.refused(Setting.MQTT_TLS_KEY_FILE, allowed);
    }
    for (String algorithm : KEY_ALGORITHMS) {
      PrivateKey key = decode(encoded, algorithm);
      if (key != null) {
        return key;
      }
    }
    throw reader.refused(Setting.MQTT_TLS_KEY_FILE, allowed);
  }

  /** The PEM form does not tell the algorithm: each is tried. */
  private static @Nullable PrivateKey decode(byte[] encoded, String algorithm)
      throws GeneralSecurityException {
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (InvalidKeySpecException e) {
      return null;
    }
  }
}
