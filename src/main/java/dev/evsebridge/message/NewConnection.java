package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * A charger has connected.
 *
 * @param clientId the charger
 * @param handshake what it said of itself
 */
@JsonPropertyOrder({"message_type", "client_id", "handshake"})
public record NewConnection(String clientId, Handshake handshake) implements ChargerMessage {

  /** Convenience for the only field of the handshake. */
  public NewConnection(String clientId, int firmwareVersion) {
    this(clientId, new Handshake(firmwareVersion));
  }

  @Override
  public String messageType() {
    return "new_connection";
  }

  /**
   * The rest of the charger's hello.
   *
   * @param firmwareVersion 0 to 255
   */
  public record Handshake(@JsonProperty("firmware_version") int firmwareVersion) {}
}
