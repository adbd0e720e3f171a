package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * A reading: everything that a charger measures, and its log since the last reading.
 *
 * @param clientId the charger
 * @param pwmPercent duty cycle of the control pilot in percent, as the charger reports it: 0 to 255
 *     on the wire, 0 to 100 from a healthy charger
 * @param contactorClosed whether the contactor is closed
 * @param measurements the rest
 */
@JsonPropertyOrder({"message_type", "client_id", "pwm_percent", "contactor_state", "measurements"})
public record Reading(
    String clientId,
    @JsonProperty("pwm_percent") int pwmPercent,
    @JsonProperty("contactor_state") boolean contactorClosed,
    Measurements measurements)
    implements ChargerResponse {

  @Override
  public String messageType() {
    return "response_collect_data";
  }
}
