package dev.evsebridge.web;

import dev.evsebridge.config.Secret;
import dev.evsebridge.config.WebSettings;
import dev.evsebridge.runtime.LogThrottle;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Basic authentication (RFC 7617) of the one user. How long a comparison takes says nothing about
 * the password.
 */
final class Login {

  /** What became of an attempt. */
  enum Outcome {
    GRANTED,
    /** No credentials were given: browsers ask for them then. */
    MISSING,
    WRONG
  }

  private static final Logger LOG = LoggerFactory.getLogger(Login.class);
  private static final String SCHEME = "basic ";

  private final WebSettings settings;
  private final LogThrottle failures = new LogThrottle(5, Duration.ofMinutes(1));

  Login(WebSettings settings) {
    this.settings = settings;
  }

  /** Whether the password's file, on a drive that may not respond, is read at each check. */
  boolean mayTakeLong() {
    return settings.password().map(Secret::isInFile).orElse(false);
  }

  /**
   * Checks the header {@code Authorization}.
   *
   * @param from who asks, for the log
   */
  Outcome check(@Nullable String authorization, String from) {
    Secret password = settings.password().orElse(null);
    if (password == null) {
      return Outcome.GRANTED;
    }
    if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return Outcome.MISSING;
    }
    byte[] given;
    try {
      given = Base64.getDecoder().decode(authorization.substring(SCHEME.length()).strip());
    } catch (IllegalArgumentException e) {
      given = new byte[0];
    }
    if (MessageDigest.isEqual(digest(given), digest(expected(password)))) {
      return Outcome.GRANTED;
    }
    failures.log(suffix -> LOG.warn("A login to the page from {} has failed{}", from, suffix));
    return Outcome.WRONG;
  }

  private byte[] expected(Secret password) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes((settings.username() + ":").getBytes(StandardCharsets.UTF_8));
    try {
      bytes.writeBytes(password.reveal());
    } catch (UncheckedIOException e) {
      failures.log(suffix -> LOG.error("Nobody can log in: {}{}", e.getCause(), suffix));
      // Nobody knows this one.
      bytes.reset();
      bytes.writeBytes(new java.security.SecureRandom().generateSeed(32));
    }
    return bytes.toByteArray();
  }

  private static byte[] digest(byte[] text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
