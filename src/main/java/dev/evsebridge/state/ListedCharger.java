package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * A charger in the bridge's list; the order of the components is the order of the JSON keys.
 *
 * @param clientId its name, or its serial number
 * @param serial 32 upper-case hex digits
 * @param firmwareVersion from its last hello
 * @param connected whether it has a connection now
 * @param control whether it is under the charge controller
 * @param lastSeen when something last came from it, ISO 8601 in UTC; null when nobody knows
 */
public record ListedCharger(
    @JsonProperty("client_id") String clientId,
    @JsonProperty("serial") String serial,
    @JsonProperty("firmware_version") int firmwareVersion,
    @JsonProperty("connected") boolean connected,
    @JsonProperty("control") boolean control,
    @JsonProperty("last_seen") @Nullable String lastSeen) {}
