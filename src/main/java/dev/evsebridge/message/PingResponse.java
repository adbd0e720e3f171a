package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * Response to a ping.
 *
 * @param clientId the charger
 */
@JsonPropertyOrder({"message_type", "client_id"})
public record PingResponse(String clientId) implements ChargerResponse {

  @Override
  public String messageType() {
    return "response_ping";
  }
}
