package dev.evsebridge.config;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to reach the broker and what to say there.
 *
 * @param broker tcp, ssl, ws or wss
 * @param publishTopic where messages go
 * @param subscribeTopic where requests come from
 * @param clientId the bridge's own id at the broker
 * @param qos 0, 1 or 2, both directions
 * @param username if the broker asks for one
 * @param password if the broker asks for one
 * @param keepAlive how often a silent connection is probed
 * @param tls certificates for ssl and wss; null for plain connections
 * @param bufferMessages messages kept while the broker is away
 * @param maxPayloadBytes the longest request
 */
public record MqttSettings(
    URI broker,
    String publishTopic,
    String subscribeTopic,
    String clientId,
    int qos,
    Optional<String> username,
    Optional<Secret> password,
    Duration keepAlive,
    @Nullable TlsMaterial tls,
    int bufferMessages,
    int maxPayloadBytes) {}
