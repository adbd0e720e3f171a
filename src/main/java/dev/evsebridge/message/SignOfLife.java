package dev.evsebridge.message;

import org.jspecify.annotations.Nullable;

/**
 * Whoever controls chargers is there.
 *
 * @param clientId the charger, or null for all
 */
public record SignOfLife(@Nullable String clientId) {}
