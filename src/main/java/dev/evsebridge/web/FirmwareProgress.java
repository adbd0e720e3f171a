package dev.evsebridge.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * How the last firmware upload goes, or went.
 *
 * @param state checking, uploading, restarting, done or failed
 * @param percent of the bytes that the charger's socket has taken; while it is sent
 * @param detail why it has failed
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record FirmwareProgress(
    @JsonProperty("state") String state,
    @JsonProperty("percent") @Nullable Integer percent,
    @JsonProperty("detail") @Nullable String detail) {

  static FirmwareProgress of(String state) {
    return new FirmwareProgress(state, null, null);
  }
}
