package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * The control pilot or the proximity pilot changed; what changed, only a reading tells.
 *
 * @param clientId the charger
 */
@JsonPropertyOrder({"message_type", "client_id"})
public record Notification(String clientId) implements ChargerMessage {

  @Override
  public String messageType() {
    return "notify";
  }
}
