package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How the bridge is doing, retained; the order of the components is the order of the JSON keys.
 *
 * @param time of this message, ISO 8601 in UTC
 * @param started when this run has begun, ISO 8601 in UTC
 * @param chargersConnected how many chargers have a connection now
 * @param errorsTotal errors that were published since the start
 * @param messagesLostTotal messages for the broker that were dropped since the start
 * @param buffered messages that wait for the broker, or for its acknowledgement
 * @param requestsTotal requests that have ended since the start, in whatever way
 * @param heapUsedMb MiB of the heap that are in use, garbage included
 * @param bridge which of several bridges this is; null for a bridge alone
 */
public record BridgeHealth(
    @JsonProperty("time") String time,
    @JsonProperty("started") String started,
    @JsonProperty("chargers_connected") int chargersConnected,
    @JsonProperty("errors_total") long errorsTotal,
    @JsonProperty("messages_lost_total") long messagesLostTotal,
    @JsonProperty("buffered") int buffered,
    @JsonProperty("requests_total") long requestsTotal,
    @JsonProperty("heap_used_mb") long heapUsedMb,
    @JsonProperty("bridge") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String bridge)
    implements Expiring {

  private static final long FRESH_SECONDS = 180;

  @Override
  public OptionalLong messageExpirySeconds() {
    return OptionalLong.of(FRESH_SECONDS);
  }
}
