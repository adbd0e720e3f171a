package dev.evsebridge.config;

import java.time.Duration;

/**
 * What a charger's connection is held to.
 *
 * @param handshakeTimeout until the hello must have been said
 * @param idleTimeout how long a charger may be silent
 * @param requestTimeout how long a charger may take to respond
 * @param firmwareTimeout how long a charger may take to come back after an upload
 * @param requestQueue requests that may wait for one charger
 * @param maxConnections connections at a time
 * @param maxFrameLengthBytes longest payload from a charger
 */
public record SessionLimits(
    Duration handshakeTimeout,
    Duration idleTimeout,
    Duration requestTimeout,
    Duration firmwareTimeout,
    int requestQueue,
    int maxConnections,
    int maxFrameLengthBytes) {}
