package dev.evsebridge.mqtt;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.eclipse.paho.mqttv5.client.MqttClientException;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.jspecify.annotations.Nullable;

/** Says in one sentence why the broker could not be reached, and what to do about it. */
final class BrokerFailure {

  /** Reason codes of MQTT 5, table 2-6. */
  private static final int UNSUPPORTED_PROTOCOL_VERSION = 0x84;

  private static final int CLIENT_ID_NOT_VALID = 0x85;
  private static final int BAD_USER_NAME_OR_PASSWORD = 0x86;
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int SERVER_UNAVAILABLE = 0x88;
  private static final int SERVER_BUSY = 0x89;
  private static final int BANNED = 0x8A;
  private static final int SERVER_SHUTTING_DOWN = 0x8B;
  private static final int KEEP_ALIVE_TIMEOUT = 0x8D;
  private static final int SESSION_TAKEN_OVER = 0x8E;
  private static final int PACKET_TOO_LARGE = 0x95;

  private BrokerFailure() {}

  static String explain(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String text = explainCause(cause);
      if (text != null) {
        return text;
      }
    }
    // The innermost cause says most: what wraps it may be no more than a number.
    Throwable innermost = failure;
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      innermost = cause;
    }
    String message = innermost.getMessage();
    return message == null ? innermost.getClass().getSimpleName() : message;
  }

  private static @Nullable String explainCause(Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return "its host name is unknown; check mqtt.broker and the name service";
    }
    if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
      return lowerCase(cause.getMessage()) + "; is it running, and is mqtt.broker right?";
    }
    if (cause instanceof SocketTimeoutException) {
      return "it does not answer; check mqtt.broker and the firewall";
    }
    if (cause instanceof CertificateExpiredException) {
      return "TLS: the certificate of the broker, or of its CA, has expired; renew it, or check this machine's clock";
    }
    if (cause instanceof CertificateNotYetValidException) {
      return "TLS: the certificate of the broker, or of its CA, is not valid yet; check the clocks";
    }
    if (cause instanceof CertPathValidatorException) {
      return cause.getCause() == null ? untrusted() : null;
    }
    if (cause instanceof SSLException) {
      return explainTls(cause);
    }
    if (cause instanceof SocketException) {
      return "the connection broke off (%s); its log may say why"
          .formatted(lowerCase(cause.getMessage()));
    }
    if (cause instanceof EOFException) {
      return "it closed the connection without a word; is mqtt.broker right, and does its log say why?";
    }
    if (cause instanceof MqttException mqtt && mqtt.getCause() == null) {
      return explainReason(mqtt.getReasonCode());
    }
    return null;
  }

  private static @Nullable String explainTls(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (message.contains("No subject alternative") || message.contains("No name matching")) {
      return "TLS: the broker's certificate is for another host name than mqtt.broker says; use the name in it, or have it issued for this one";
    }
    if (message.contains("unable to find valid certification path")) {
      return untrusted();
    }
    if (message.contains("certificate_required") || message.contains("bad_certificate")) {
      return "TLS: the broker refuses the client certificate or asks for one; check mqtt.tls.cert_file and mqtt.tls.key_file";
    }
    if (message.contains("certificate_expired")) {
      return "TLS: the broker says that the client certificate has expired; renew mqtt.tls.cert_file";
    }
    if (message.contains("unknown_ca") || message.contains("certificate_unknown")) {
      return "TLS: the broker does not trust the client certificate; check mqtt.tls.cert_file and the broker's CA";
    }
    if (message.contains("plaintext connection")) {
      return "TLS: the broker does not speak TLS on that port; check the port, or use tcp://";
    }
    if (message.contains("terminated the handshake")) {
      return "TLS: the broker hung up during the handshake; does it speak TLS on that port? Check the port, or use tcp://";
    }
    if (cause.getCause() instanceof SocketException) {
      // With TLS 1.3 a client certificate is judged after the handshake; the reason may get lost.
      return "TLS: the broker broke the connection off; does it ask for a client certificate, or refuse it? Check mqtt.tls.cert_file and the broker's log";
    }
    if (cause.getCause() == null) {
      return "TLS: " + message;
    }
    return null;
  }

  private static String untrusted() {
    return "TLS: the broker's certificate is not signed by a trusted CA; set mqtt.tls.ca_file to its CA";
  }

  /** What a reason code of the broker, or of the client library, means. */
  static String explainReason(int reasonCode) {
    return switch (reasonCode) {
      case BAD_USER_NAME_OR_PASSWORD ->
          "it refuses the user name or password; check mqtt.username and mqtt.password";
      case NOT_AUTHORIZED ->
          "it does not authorise this client; check mqtt.username, mqtt.password and the broker's access rules";
      case CLIENT_ID_NOT_VALID -> "it refuses the client id; check mqtt.client_id";
      case UNSUPPORTED_PROTOCOL_VERSION, 1 -> "it does not speak MQTT 5";
      case SERVER_UNAVAILABLE, SERVER_BUSY -> "it says that it is unavailable now";
      case BANNED -> "it has banned this client";
      case SERVER_SHUTTING_DOWN -> "it is shutting down";
      case KEEP_ALIVE_TIMEOUT -> "it had not heard from the bridge for too long";
      case SESSION_TAKEN_OVER ->
          "another client has connected with the same mqtt.client_id: are two bridges running? Give each its own";
      case PACKET_TOO_LARGE -> "it refuses a message as too large; check its max_packet_size";
      case MqttClientException.REASON_CODE_CLIENT_TIMEOUT,
          MqttClientException.REASON_CODE_WRITE_TIMEOUT ->
          "it has stopped answering";
      case MqttClientException.REASON_CODE_CONNECTION_LOST -> "the connection broke off";
      default -> "reason code " + reasonCode;
    };
  }

  private static String lowerCase(@Nullable String message) {
    return message == null ? "no connection" : message.toLowerCase(Locale.ROOT);
  }
}
