package dev.evsebridge.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.evsebridge.message.ErrorMessage;

/**
 * An error about a charger, as it was published.
 *
 * @param time when, ISO 8601 in UTC
 */
@JsonPropertyOrder({"time"})
record RecentError(@JsonProperty("time") String time, @JsonUnwrapped ErrorMessage error) {}
