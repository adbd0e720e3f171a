package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.eclipse.paho.mqttv5.client.MqttClientException;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The failures are chained as the client library and the JDK chain them. */
class BrokerFailureTest {

  static Stream<Arguments> failures() {
    return Stream.of(
        failure(
            wrapped(new ConnectException("Connection refused")),
            "connection refused",
            "mqtt.broker"),
        failure(wrapped(new UnknownHostException("nowhere")), "host name", "mqtt.broker"),
        failure(wrapped(new SocketTimeoutException("Connect timed out")), "firewall"),
        failure(wrapped(new SocketException("Connection reset")), "connection reset", "log"),
        failure(lost(new EOFException()), "closed the connection", "log"),
        failure(wrapped(untrusted()), "trusted CA", "mqtt.tls.ca_file"),
        failure(wrapped(expired()), "has expired", "renew", "clock"),
        failure(wrapped(otherName()), "another host name", "mqtt.broker"),
        failure(
            lost(new SSLHandshakeException("Received fatal alert: certificate_required")),
            "client certificate",
            "mqtt.tls.cert_file"),
        failure(
            lost(new SSLHandshakeException("Received fatal alert: unknown_ca")),
            "does not trust the client certificate",
            "mqtt.tls.cert_file"),
        failure(wrapped(hungUp()), "does it speak TLS on that port", "tcp://"),
        failure(
            wrapped(new SSLException("Broken pipe", new SocketException("Broken pipe"))),
            "client certificate",
            "mqtt.tls.cert_file"),
        failure(
            wrapped(new SSLException("Unsupported or unrecognized SSL message")), "TLS: Unsupp"),
        failure(new MqttException(0x86), "mqtt.username", "mqtt.password"),
        failure(new MqttException(0x87), "mqtt.username", "access rules"),
        failure(new MqttException(0x8E), "two bridges", "mqtt.client_id"));
  }

  private static Arguments failure(Throwable failure, String... parts) {
    return Arguments.of(failure, parts);
  }

  private static MqttException wrapped(Throwable cause) {
    return new MqttException(cause);
  }

  private static MqttException lost(Throwable cause) {
    return new MqttException(MqttClientException.REASON_CODE_CONNECTION_LOST, cause);
  }

  private static Exception untrusted() {
    String text = "Path does not chain with any of the trust anchors";
    return handshake(
        "PKIX path validation failed: " + text,
        new CertificateException(text, new CertPathValidatorException(text)));
  }

  private static Exception expired() {
    Throwable reason = new CertificateExpiredException("NotAfter: Sat Oct 24 17:35:23 UTC 2026");
    String text = "validity check failed";
    return handshake(
        "PKIX path validation failed: " + text,
        new CertificateException(text, new CertPathValidatorException(text, reason)));
  }

  private static Exception otherName() {
    String text = "No subject alternative DNS name matching localhost found.";
    return handshake(text, new CertificateException(text));
  }

  private static Exception hungUp() {
    return handshake(
        "Remote host terminated the handshake", new EOFException("SSL peer shut down incorrectly"));
  }

  private static Exception handshake(String message, Throwable cause) {
    Exception failure = new SSLHandshakeException(message);
    failure.initCause(cause);
    return failure;
  }

  @ParameterizedTest
  @MethodSource("failures")
  void saysInOneLineWhatFailedAndWhatToDo(Throwable failure, String[] parts) {
    String text = BrokerFailure.explain(failure);
    for (String part : parts) {
      assertTrue(text.contains(part), text);
    }
    assertFalse(text.contains("\n"), text);
    assertFalse(text.contains("Exception"), text);
  }

  @Test
  void passesOnTheInnermostReasonOfWhatItDoesNotKnow() {
    Throwable failure = wrapped(new IllegalStateException("outer", new Exception("inner reason")));
    assertEquals("inner reason", BrokerFailure.explain(failure));
  }
}
