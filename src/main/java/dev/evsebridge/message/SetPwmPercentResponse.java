package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * Response to a change of the duty cycle.
 *
 * @param clientId the charger
 */
@JsonPropertyOrder({"message_type", "client_id"})
public record SetPwmPercentResponse(String clientId) implements ChargerResponse {

  @Override
  public String messageType() {
    return "response_set_pwm_percent";
  }
}
