package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/**
 * The bridge has opened a contactor by itself.
 *
 * @param action why
 * @param pilot the state of the control pilot in the last reading before; null when not known
 * @param at when the charger acknowledged it: UTC, ISO 8601
 */
@JsonPropertyOrder({"action", "pilot", "at"})
public record InterlockAction(
    @JsonProperty("action") Kind action,
    @JsonProperty("pilot") @Nullable PilotVoltage pilot,
    @JsonProperty("at") String at) {

  private static final DateTimeFormatter MILLISECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  /** Why it was opened. */
  public enum Kind {
    /** The vehicle no longer asks for power, or is gone. */
    @JsonProperty("opened")
    OPENED,
    /** The charger notified a change, and no reading told which. */
    @JsonProperty("opened_without_reading")
    OPENED_WITHOUT_READING,
    /** A graceful stop: nobody could command any more, or no cable is recognised. */
    @JsonProperty("stopped")
    STOPPED
  }

  /** Takes the time as it comes. */
  public static InterlockAction of(Kind action, @Nullable PilotVoltage pilot, Instant time) {
    return new InterlockAction(action, pilot, MILLISECONDS.format(time));
  }
}
