package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A message from a charger, as it is published: its JSON has exactly the keys and the order of the
 * original bridge, {@code message_type} and {@code client_id} first.
 */
public sealed interface ChargerMessage permits NewConnection, Notification, ChargerResponse {

  /** The JSON value of {@code message_type}. */
  @JsonProperty("message_type")
  String messageType();

  /** The charger's serial number, or the name that the configuration gives it. */
  @JsonProperty("client_id")
  String clientId();
}
