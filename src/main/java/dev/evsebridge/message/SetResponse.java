package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * A set-point has been taken; sent to the Response Topic only.
 *
 * @param clientId the charger
 */
@JsonPropertyOrder({"message_type", "client_id"})
public record SetResponse(@JsonProperty("client_id") String clientId) {

  /** The JSON value of {@code message_type}. */
  @JsonProperty("message_type")
  public String messageType() {
    return "response_set";
  }
}
