package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * Response to a switched contactor.
 *
 * @param clientId the charger
 */
@JsonPropertyOrder({"message_type", "client_id"})
public record SetContactorStateResponse(String clientId) implements ChargerResponse {

  @Override
  public String messageType() {
    return "response_set_contactor_state";
  }
}
