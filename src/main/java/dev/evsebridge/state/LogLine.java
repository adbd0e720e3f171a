package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * A line of a charger's log; the order of the components is the order of the JSON keys.
 *
 * @param time when the charger wrote it, as far as its uptime tells, else when it was read; ISO
 *     8601 in UTC
 * @param uptimeMilliseconds the charger's uptime at that moment; null when the line does not say it
 * @param text the rest
 */
public record LogLine(
    @JsonProperty("time") String time,
    @JsonProperty("uptime_milliseconds") @Nullable Long uptimeMilliseconds,
    @JsonProperty("text") String text) {}
