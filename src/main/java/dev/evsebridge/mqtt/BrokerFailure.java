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
import org.eclipse.paho.mqttv5.common.packet.MqttReturnCode;
import org.jspecify.annotations.Nullable;

/** Says in one sentence why the broker could not be reached, and what to do about it. */
final class BrokerFailure {

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
    if (cause instanceof IncomingPackets.NotMqttException) {
      return cause.getMessage();
    }
    if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
      return lowerCase(cause.getMessage()) + "; is it running, and is mqtt.broker right?";
    }
    if (cause instanceof SocketTimeoutException) {
      return "it does not respond; check mqtt.broker and the firewall";
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
      return "it closed the connection without a word; is mqtt.broker right (a TLS port wants ssl://), and does its log say why?";
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

  /** What a reason code of the broker (MQTT 5, table 2-6), or of the client library, means. */
  static String explainReason(int reasonCode) {
    return switch (reasonCode) {
      case MqttReturnCode.RETURN_CODE_SUCCESS -> "it said goodbye; its log may say why";
      case MqttReturnCode.RETURN_CODE_MALFORMED_CONTROL_PACKET,
          MqttReturnCode.RETURN_CODE_PROTOCOL_ERROR ->
          "it can't accept something that the bridge sent (%s); its log may say what"
              .formatted(hex(reasonCode));
      case MqttReturnCode.RETURN_CODE_UNSPECIFIED_ERROR,
          MqttReturnCode.RETURN_CODE_IMPLEMENTATION_SPECIFIC_ERROR ->
          "it refuses without a reason (%s); its log may say why".formatted(hex(reasonCode));
      case MqttReturnCode.RETURN_CODE_UNSUPPORTED_PROTOCOL_VERSION, 1 -> "it does not speak MQTT 5";
      case MqttReturnCode.RETURN_CODE_IDENTIFIER_NOT_VALID ->
          "it refuses the client id; check mqtt.client_id";
      case MqttReturnCode.RETURN_CODE_BAD_USERNAME_OR_PASSWORD,
          MqttReturnCode.RETURN_CODE_BAD_AUTHENTICATION ->
          "it refuses the user name or password; check mqtt.username and mqtt.password";
      case MqttReturnCode.RETURN_CODE_NOT_AUTHORIZED ->
          "it does not authorise this client; check mqtt.username, mqtt.password and the broker's access rules";
      case MqttReturnCode.RETURN_CODE_SERVER_UNAVAILABLE, MqttReturnCode.RETURN_CODE_SERVER_BUSY ->
          "it says that it is unavailable now";
      case MqttReturnCode.RETURN_CODE_BANNED -> "it has banned this client";
      case MqttReturnCode.RETURN_CODE_SERVER_SHUTTING_DOWN -> "it is shutting down";
      case MqttReturnCode.RETURN_CODE_KEEP_ALIVE_TIMEOUT ->
          "it had not heard from the bridge for too long";
      case MqttReturnCode.RETURN_CODE_SESSION_TAKEN_OVER ->
          "another client has connected with the same mqtt.client_id: are two bridges running? Give each its own";
      case MqttReturnCode.RETURN_CODE_TOPIC_FILTER_NOT_VALID ->
          "it does not take that topic filter";
      case MqttReturnCode.RETURN_CODE_TOPIC_NAME_INVALID ->
          "it does not take that topic; check mqtt.topic_publish and the broker's rules for topics";
      case MqttReturnCode.RETURN_CODE_PACKET_ID_IN_USE,
          MqttReturnCode.RETURN_CODE_PACKET_ID_NOT_FOUND,
          MqttReturnCode.RETURN_CODE_TOPIC_ALIAS_NOT_ACCEPTED ->
          "it and the bridge disagree about the protocol (%s)".formatted(hex(reasonCode));
      case MqttReturnCode.RETURN_CODE_RECEIVE_MAXIMUM_EXCEEDED ->
          "it was sent more messages at once than it allows (receive maximum)";
      case MqttReturnCode.RETURN_CODE_PACKET_TOO_LARGE ->
          "it refuses a message as too large; check its max_packet_size";
      case MqttReturnCode.RETURN_CODE_MESSAGE_RATE_TOO_HIGH ->
          "it gets more messages per second than it allows; check its rate limits";
      case MqttReturnCode.RETURN_CODE_QUOTA_EXCEEDED ->
          "a quota of this client is used up; check the limits that the broker sets";
      case MqttReturnCode.RETURN_CODE_ADMINISTRITIVE_ACTION ->
          "its administrator ended the connection";
      case MqttReturnCode.RETURN_CODE_PAYLOAD_FORMAT_INVALID ->
          "it does not take the format of the message";
      case MqttReturnCode.RETURN_CODE_RETAIN_NOT_SUPPORTED -> "it keeps no retained messages";
      case MqttReturnCode.RETURN_CODE_QOS_NOT_SUPPORTED ->
          "it does not take messages of that QoS; check mqtt.qos";
      case MqttReturnCode.RETURN_CODE_USE_ANOTHER_SERVER, MqttReturnCode.RETURN_CODE_SERVER_MOVED ->
          "it sends the bridge to another broker; check mqtt.broker";
      case MqttReturnCode.RETURN_CODE_SHARED_SUB_NOT_SUPPORTED ->
          "it knows no shared subscriptions ($share/…)";
      case MqttReturnCode.RETURN_CODE_CONNECTION_RATE_EXCEEDED ->
          "it gets more connections than it allows";
      case MqttReturnCode.RETURN_CODE_MAXIMUM_CONNECT_TIME ->
          "it allows no connection for longer than this one";
      case MqttReturnCode.RETURN_CODE_SUB_IDENTIFIERS_NOT_SUPPORTED ->
          "it knows no subscription identifiers";
      case MqttReturnCode.RETURN_CODE_WILDCARD_SUB_NOT_SUPPORTED ->
          "it takes no subscriptions with wildcards (+, #)";
      case MqttClientException.REASON_CODE_CLIENT_TIMEOUT,
          MqttClientException.REASON_CODE_WRITE_TIMEOUT ->
          "it has stopped responding";
      case MqttClientException.REASON_CODE_CONNECTION_LOST,
          MqttClientException.REASON_CODE_CLIENT_NOT_CONNECTED,
          MqttClientException.REASON_CODE_CLIENT_DISCONNECTING ->
          "the connection broke off";
      case MqttClientException.REASON_CODE_SERVER_DISCONNECTED -> "it ended the connection";
      case MqttClientException.REASON_CODE_MAX_INFLIGHT,
          MqttClientException.REASON_CODE_NO_MESSAGE_IDS_AVAILABLE ->
          "more messages are on their way than the client can count";
      case MqttClientException.REASON_CODE_INCOMING_PACKET_TOO_LARGE,
          MqttClientException.REASON_CODE_OUTGOING_PACKET_TOO_LARGE ->
          "a message is too large for the client";
      case MqttClientException.REASON_CODE_INVALID_MESSAGE,
          MqttException.REASON_CODE_INVALID_IDENTIFIER,
          MqttException.REASON_CODE_INVALID_RETURN_CODE,
          MqttException.REASON_CODE_MALFORMED_PACKET,
          MqttException.REASON_CODE_DUPLICATE_PROPERTY,
          MqttClientException.REASON_CODE_INVALID_TOPIC_ALAS,
          MqttClientException.REASON_CODE_UNKNOWN_TOPIC_ALIAS ->
          "what it sent can't be read as MQTT 5 (%d)".formatted(reasonCode);
      default -> "reason code " + (reasonCode <= 0xFF ? hex(reasonCode) : reasonCode);
    };
  }

  private static String hex(int reasonCode) {
    return "0x%02X".formatted(reasonCode);
  }

  private static String lowerCase(@Nullable String message) {
    return message == null ? "no connection" : message.toLowerCase(Locale.ROOT);
  }
}
